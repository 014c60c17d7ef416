import AdaDimRegression
import AdaDimReports
import TextTable

/// A regression report as a person reads it: where it ran, what does not hold, the worst of each kind, the verdict.
struct RegressText {
    let report: RegressionReport

    var text: String {
        ([environment, comparison, table, failures, verdict].filter { !$0.isEmpty }).joined(separator: "\n\n")
    }

    private var environment: String {
        let environment = report.environment
        // Routines by the file that answers them.
        var files: [(file: String, symbols: [String])] = []
        for answer in environment.answers {
            if let index = files.firstIndex(where: { $0.file == answer.file }) {
                files[index].symbols.append(answer.symbol)
            } else {
                files.append((answer.file, [answer.symbol]))
            }
        }
        let lines = [
            "adadim \(environment.tool), \(environment.compiler), \(environment.system)",
            "\(environment.processor), \(environment.threads) threads, kernels \(environment.kernels), tiles by \(environment.tileKernels), "
                + "sgemm \(significant(report.productRate / 1e9)) GFLOP/s",
        ]
        return (lines + files.map { "\($0.file): \($0.symbols.joined(separator: ", "))" }).joined(separator: "\n")
    }

    private var comparison: String {
        guard report.baseline != nil else { return "" }
        var lines: [String] = []
        if report.isExact {
            lines.append("The environment is the baseline's: every number must be the same.")
        } else if report.differences.isEmpty {
            lines.append("The environment is the baseline's; compared by bounds, as asked.")
        } else {
            lines += ["Compared by bounds, for this is not the baseline's environment:"]
            lines += report.differences.map { "  \($0)" }
        }
        if !report.leftOut.isEmpty { lines.append("In the baseline, but not run: \(list(report.leftOut))") }
        if !report.added.isEmpty {
            lines.append("Not in the baseline, judged without it: \(list(report.added))")
        }
        return lines.joined(separator: "\n")
    }

    private func list(_ names: [String]) -> String {
        let shown = names.prefix(6).joined(separator: "; ")
        return names.count > 6 ? "\(shown); and \(names.count - 6) more" : shown
    }

    private var table: String {
        TextTable<RegressionReport.Offender> { offender in
            [
                Column(title: "worst", value: offender.kind),
                Column(title: "found", value: shortText(offender.value), align: .right),
                Column(title: "bound", value: shortText(offender.bound), align: .right),
                Column(title: "in", value: offender.name),
            ]
        }.string(for: report.worst) ?? ""
    }

    private var failures: String {
        report.redCases.map { verdict in
            "RED \(verdict.name)\n"
                + verdict.failures.map { "  \($0.kind): \($0.text)" }.joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private var verdict: String {
        let (cases, refusals) = (report.cases.count, report.refusals.count)
        let count =
            "\(cases) \(cases == 1 ? "layer" : "layers") and \(refusals) \(refusals == 1 ? "refusal" : "refusals")"
        return report.isGreen ? "green: \(count)" : "red: \(report.redCases.count) of \(count)"
    }
}
