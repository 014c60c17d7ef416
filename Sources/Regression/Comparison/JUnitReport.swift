/// A report as JUnit's XML, which CI systems read: a suite of the cases and one of the refusals.
package struct JUnitReport: Sendable {
    package let report: RegressionReport

    package init(_ report: RegressionReport) { self.report = report }

    package var text: String {
        let suites = [("adadim.regress.cases", report.cases), ("adadim.regress.refusals", report.refusals)]
        let all = report.cases + report.refusals
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"adadim regress\" \(counts(all))>\n"
            + suites.map { suite($0, $1) }.joined() + "</testsuites>\n"
    }

    private func suite(_ name: String, _ verdicts: [RegressionReport.Verdict]) -> String {
        var text = "  <testsuite name=\"\(name)\" errors=\"0\" skipped=\"0\" \(counts(verdicts))>\n"
        text += "    <properties>\n"
        for (name, value) in properties {
            text += "      <property name=\"\(Self.escaped(name))\" value=\"\(Self.escaped(value))\"/>\n"
        }
        text += "    </properties>\n"
        for verdict in verdicts {
            text +=
                "    <testcase classname=\"\(name)\" name=\"\(Self.escaped(verdict.name))\" time=\"\(seconds(verdict.seconds))\""
            text += verdict.failures.isEmpty ? "/>\n" : ">\n"
            for failure in verdict.failures {
                text +=
                    "      <failure type=\"\(Self.escaped(failure.kind))\" message=\"\(Self.escaped(failure.text))\"/>\n"
            }
            if !verdict.failures.isEmpty { text += "    </testcase>\n" }
        }
        return text + "  </testsuite>\n"
    }

    private func counts(_ verdicts: [RegressionReport.Verdict]) -> String {
        let failures = verdicts.count { !$0.failures.isEmpty }
        let time = verdicts.reduce(0) { $0 + $1.seconds }
        return "tests=\"\(verdicts.count)\" failures=\"\(failures)\" time=\"\(seconds(time))\""
    }

    private var properties: [(String, String)] {
        let environment = report.environment
        return [
            ("tool", environment.tool), ("compiler", environment.compiler), ("processor", environment.processor),
            ("system", environment.system), ("threads", "\(environment.threads)"), ("OpenBLAS", environment.openBLAS),
            ("kernels", environment.kernels), ("tile kernels", environment.tileKernels),
        ] + environment.answers.map { ($0.symbol, $0.file) }
            + report.differences.map { ("differs from the baseline", $0) }
    }

    /// Seconds to the thousandth, always with a point.
    private func seconds(_ value: Double) -> String {
        let thousandths = Int((max(0, value) * 1000).rounded())
        return "\(thousandths / 1000).\(String(thousandths % 1000 + 1000).dropFirst())"
    }

    /// Text for an attribute: the five marked characters and line breaks as references; what XML 1.0 cannot hold at all
    /// becomes the replacement character.
    package static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&apos;"
            case "\t", "\n", "\r": escaped += "&#\(scalar.value);"
            case "\u{20}"..."\u{D7FF}", "\u{E000}"..."\u{FFFD}", "\u{10000}"..."\u{10FFFF}":
                escaped.unicodeScalars.append(scalar)
            default: escaped += "\u{FFFD}"
            }
        }
        return escaped
    }
}
