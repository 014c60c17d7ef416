import AdaDimHTMLReport
import AdaDimHTMLReportSamples
import AdaDimTestSupport
import Foundation
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// Whole pages, as text; what a browser makes of them is `make test-report`'s.
@Suite struct HTMLPageTests {
    /// The SVG elements of a page.
    private func figures(_ html: String) -> [String] {
        html.components(separatedBy: "<svg ").dropFirst().map { part in
            "<svg " + (part.components(separatedBy: "</svg>").first ?? "") + "</svg>"
        }
    }

    /// Why a text is no XML document; nil if it is one.
    private func xmlError(_ text: String) -> String? {
        let parser = XMLParser(data: Data(text.utf8))
        return parser.parse() ? nil : "\(parser.parserError.map { "\($0)" } ?? "unknown"): \(text.prefix(300))"
    }

    private func occurrences(_ part: String, _ text: String) -> Int { text.components(separatedBy: part).count - 1 }

    @Test(arguments: SamplePages.all.map(\.name)) func everyFigureIsWellFormed(name: String) throws {
        let page = try #require(SamplePages.all.first { $0.name == name }).page
        let html = try page.html()
        let expected =
            page.bars.count + page.maps.count + page.curves.count
            + page.rows.reduce(0) { $0 + ($1.details?.figures.count ?? 0) }
        let figures = figures(html)
        #expect(figures.count == expected)
        for figure in figures { #expect(xmlError(figure) == nil) }
    }

    @Test func xmlErrorsAreSeen() {
        #expect(xmlError("<svg><text>a & b</text></svg>") != nil)
        #expect(xmlError("<svg><text>a &amp; b</text></svg>") == nil)
    }

    @Test func namesAreUniqueOnThePage() throws {
        let html = try SamplePages.run.html()
        let names = html.matches(of: /\sid="([^"]*)"/).map { String($0.1) }
        #expect(names.count > 1000)
        #expect(Set(names).count == names.count)
    }

    @Test func noNumberIsDrawnThatIsNone() throws {
        let html = try SamplePages.extreme.html()
        let withoutProgram = html.replacing(/<script>.*?<\/script>|<style>.*?<\/style>/.dotMatchesNewlines(), with: "")
        for (word, pattern) in [("nan", /\bnan\b/.ignoresCase()), ("inf", /\binf(?:inity)?\b/.ignoresCase())] {
            #expect(withoutProgram.firstMatch(of: pattern) == nil, "\(word)")
        }
        #expect(occurrences(">no value</text>", html) > 10)
    }

    /// A name of any kind is text and nothing else: with harmless names the page has the same elements and attributes.
    @Test(arguments: SamplePages.hostileNames.indices) func namesAreTextAndNothingElse(index: Int) throws {
        func tags(_ name: String) throws -> [String] {
            let html = try SamplePages.hostile([name]).html()
            return html.matches(of: /<\/?[a-zA-Z][a-zA-Z0-9]*|\s[a-z-]+(?==")/).map { String($0.0) }
                // A text that was cut has a title with the whole of it.
                .filter { $0 != "<title" && $0 != "</title" }
        }
        let (found, expected) = (try tags(SamplePages.hostileNames[index]), try tags("name"))
        #expect(found == expected)
    }

    @Test func escapingGoesByScalar() {
        #expect(
            Markup.escape("\"\u{301} onload=\"x\"<\u{301}'&>")
                == "&quot;\u{301} onload=&quot;x&quot;&lt;\u{301}&#39;&amp;&gt;")
        #expect(Markup.escape("a\u{0}b\u{1B}\u{FFFE}\n\t") == "a\u{FFFD}b\u{FFFD}\u{FFFD}&#10;\t")
        #expect(Markup.escape("日本語 🙂") == "日本語 🙂")
    }

    @Test func aLargePageStaysSmall() throws {
        let page = SamplePages.large
        #expect(page.rows.count == 560)
        let bytes = try page.html().utf8.count
        #expect(bytes < 20_000_000)
        // Twenty kilobytes a layer, all told.
        #expect(bytes / page.rows.count < 20_000)
    }

    @Test func thePageAsksForNothing() throws {
        let html = try SamplePages.run.html()
        let addresses = html.matches(of: /(?:src|href)="([^"]*)"/).map { String($0.1) }
        #expect(!addresses.isEmpty)
        #expect(addresses.allSatisfy { $0.hasPrefix("data:") || $0.hasPrefix("#") })
        #expect(html.contains("default-src 'none'"))
        #expect(!html.contains("@import") && !html.contains("fetch("))
    }

    @Test func anEmptyPageSaysSo() throws {
        let html = try HTMLPage(title: "Nothing").html()
        #expect(html.contains("<h1>Nothing</h1>"))
        #expect(html.contains("Nothing was recorded."))
        #expect(html.contains("There are no layers."))
        #expect(!html.contains("<table") && !html.contains("<svg") && !html.contains("id=\"overview\""))
    }

    @Test func oneLayerWithoutDetails() throws {
        let html = try HTMLPage(
            title: "One", columns: [TableColumn(title: "Loss", explanation: "What is lost.", isNumeric: true)],
            rows: [TableRow(name: "lm_head", block: 0, role: "head", cells: [TableCell(text: "1 %", sortKey: 0.01)])]
        ).html()
        #expect(html.contains("1 of 1 layer<"))
        #expect(html.contains("<td class=\"number\" data-key=\"0.01\">1 %</td>"))
        #expect(html.contains("<dt>Loss</dt><dd>What is lost.</dd>"))
        #expect(!html.contains("<template") && !html.contains("id=\"layer\"") && !html.contains("Direction"))
    }

    @Test func aRowOfTooFewCellsIsFilledUp() throws {
        let column = TableColumn(title: "Loss", explanation: "", isNumeric: true)
        let html = try HTMLPage(
            title: "", columns: [column, column],
            rows: [TableRow(name: "a", block: 0, role: "b", cells: [TableCell(text: "c", sortKey: .nan)])]
        ).html()
        #expect(html.contains("<td class=\"number\">c</td><td class=\"number\"></td></tr>"))
    }

    @Test func outliersHaveTheirChannelNumbers() throws {
        var largest = [Double](repeating: 1, count: 28672)
        largest[12345] = 100
        let plot = ChannelPlot(
            title: "Channels", caption: "", largest: largest, rootMeanSquare: largest, outliers: [12345, 99999],
            threshold: 6)
        let html = try HTMLPage(
            title: "",
            rows: [TableRow(name: "a", block: 0, role: "b", cells: [], details: .init(figures: [.channels(plot)]))]
        ).html()
        #expect(html.contains(">12,345</text>"))
        #expect(html.contains("1 outlier, the largest 12345 (100)."))
        #expect(html.contains("threshold 6<"))
    }

    @Test func dotsOfAMapAreOnePath() throws {
        let map = DepthRoleMap(
            title: "Map", caption: "", roles: ["a", "b"], blocks: [0, 1, 5], values: [1, 2, 3, nil, 5, 6],
            marks: [true, false, true, false, false, true], markLegend: "● chosen", scale: .sequential(log: true),
            unit: "x")
        let html = try HTMLPage(title: "", maps: [map]).html()
        // One of the map, one of its legend.
        #expect(occurrences("<path class=\"mark\"", html) == 2)
        let path = try #require(html.firstMatch(of: /<path class="mark" d="([^"]*)"/)).1
        #expect(path.count { $0 == "M" } == 3)
        #expect(html.contains("data-values=\"1&#10;3&#10;5&#10;2&#10;no value&#10;6\""))
        #expect(html.contains(">no value</text>") && html.contains(">chosen</text>"))
    }

    @Test func thePageIsWrittenToAFile() throws {
        let temporary = try TemporaryDirectory()
        defer { temporary.remove() }
        let file = URL(fileURLWithPath: temporary.path("report.html"))
        try Data("older".utf8).write(to: file)
        let page = HTMLPage(title: "A ‘title’")
        try page.write(to: file)
        #expect(try String(contentsOf: file, encoding: .utf8) == (try page.html()))
        #expect(
            errorText { try page.write(to: URL(fileURLWithPath: temporary.path("nowhere/report.html"))) }.contains(
                "report.html"))
    }
}
