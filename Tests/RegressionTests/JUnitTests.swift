import AdaDimRegression
import Foundation
import FoundationXML
import Testing

@Suite struct JUnitTests {
    /// What a CI system's parser sees of a report.
    private final class Reader: NSObject, XMLParserDelegate {
        var elements: [(name: String, attributes: [String: String])] = []

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) { elements.append((name, attributes)) }
    }

    private static let nasty = "a < b & \"c\" > 'd' ‖(W−Q)X‖² \n\t]]> <!-- \u{1F9EE}"

    private func report(_ failures: [RegressionReport.Failure]) throws -> RegressionReport {
        var results = RegressionRun.Results()
        results.cases = try RegressionRun(cases: [.init(Self.nasty, 2, 3, .identity)], refusals: []).run().cases
        var report = try Comparison(environment: .current(tool: Self.nasty)).report(results, baseline: nil) {
            (_, _, _) throws(RegressionError) in throw .cancelled
        }
        report.cases[0].failures = failures
        report.cases[0].seconds = 1.5
        report.refusals = [.init(name: "NaN")]
        return report
    }

    private func elements(_ report: RegressionReport) throws -> [(name: String, attributes: [String: String])] {
        let parser = XMLParser(data: Data(JUnitReport(report).text.utf8))
        let reader = Reader()
        parser.delegate = reader
        try #require(parser.parse(), "\(String(describing: parser.parserError))")
        return reader.elements
    }

    @Test func failuresAreCountedAndTextSurvives() throws {
        let found = try elements(report([.init(kind: "loss", text: Self.nasty), .init(kind: "codes", text: "two")]))
        let all = try #require(found.first { $0.name == "testsuites" }).attributes
        #expect(all["tests"] == "2" && all["failures"] == "1" && all["time"] == "1.500")
        let suites = found.filter { $0.name == "testsuite" }.map(\.attributes)
        #expect(suites.map { $0["name"] } == ["adadim.regress.cases", "adadim.regress.refusals"])
        #expect(suites.map { $0["failures"] } == ["1", "0"])
        let cases = found.filter { $0.name == "testcase" }.map(\.attributes)
        #expect(cases.map { $0["name"] } == [Self.nasty, "NaN"] && cases[0]["time"] == "1.500")
        let failures = found.filter { $0.name == "failure" }.map(\.attributes)
        #expect(failures.map { $0["type"] } == ["loss", "codes"] && failures[0]["message"] == Self.nasty)
        #expect(found.contains { $0.name == "property" && $0.attributes["value"] == Self.nasty })
    }

    @Test func greenHasNoFailures() throws {
        let found = try elements(report([]))
        #expect(!found.contains { $0.name == "failure" } && found[0].attributes["failures"] == "0")
    }

    /// Control characters and lone surrogates' stand-ins are not XML, in whatever way they are written.
    @Test func whatXMLCannotHoldIsReplaced() throws {
        #expect(JUnitReport.escaped("a\u{0}b\u{1B}[31m\u{FFFF}") == "a\u{FFFD}b\u{FFFD}[31m\u{FFFD}")
        let found = try elements(report([.init(kind: "\u{7}", text: "\u{0}")]))
        #expect(found.first { $0.name == "failure" }?.attributes["message"] == "\u{FFFD}")
    }
}
