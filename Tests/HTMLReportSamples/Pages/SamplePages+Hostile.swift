import AdaDimHTMLReport

extension SamplePages {
    /// Names that would be markup, script, or too long, if a page let them.
    package static let hostileNames = [
        "<script>document.title = 'broken'</script>", "\"><img src=x onerror=\"document.title='broken'\">",
        "'; document.title = 'broken'; '", "</template></script><h1>broken</h1>", "</svg></title><b>broken</b>",
        // A quote with a combining mark is one character to Swift, but markup sees the quote.
        "\"\u{301} onmouseover=\"document.title='broken'\" x=\"\u{301}", "&amp;&lt;&#0;&notanentity;",
        "{{title}} {{{script}}} {{> page}}", "a\u{0}b\u{1}c\u{1B}[31m\u{FFFE}", "\u{202E}drawkcab\u{2066}", "日本語の層 🙂",
        "new\nline\ttab", String(repeating: "very.long.", count: 60) + "name", "%00%zz#layer=x&y=?", " ",
        "--> ]]> <![CDATA[",
    ]

    /// Every text of the page is one of `names`.
    package static func hostile(_ names: [String] = hostileNames) -> HTMLPage {
        func name(_ index: Int) -> String { names[index % names.count] }
        let blocks = Array(names.indices)
        let cells = blocks.count * names.count
        let map = DepthRoleMap(
            title: name(0), caption: name(1), roles: names, blocks: blocks,
            values: (0..<cells).map { 0.5 + Double($0 % 7) / 4 },
            marks: (0..<cells).map { $0 % 3 == 0 }, markLegend: name(2),
            scale: .diverging(center: 1, lowLegend: name(3), highLegend: name(4)), unit: name(5))
        let curves = DepthCurves(
            title: name(6), caption: name(7), yLabel: name(8), blocks: blocks,
            series: (0..<6).map { series in .init(name: name(series), values: blocks.map { Double($0 + series + 1) }) })
        let details = LayerDetails(
            verdict: name(9), facts: names.map { .init($0, $0) },
            figures: [
                .channels(
                    ChannelPlot(
                        title: name(0), caption: name(1), largest: [1, 2, 30], rootMeanSquare: [1, 1, 2], outliers: [2],
                        threshold: 5)),
                .map(
                    MatrixMap(
                        title: name(2), caption: name(3), outputs: 2, inputs: 3, rows: 2, columns: 3,
                        values: [1, 2, 3, 4, 5, 6], inputMarginal: [1, 2, 3], outputMarginal: [1, 2], unit: name(5))),
                .histogram(
                    Histogram(
                        title: name(4), caption: name(5), xLabel: name(6), yLabel: name(1), range: -2...2,
                        series: [.init(name: name(5), counts: [1, 5, 2])])),
            ])
        return HTMLPage(
            title: name(0), subtitle: name(1), facts: names.map { .init($0, $0) }, notes: names,
            bars: [
                BarChart(
                    title: name(2), caption: name(3), unit: name(4), bars: names.map { .init(name: $0, value: 1) })
            ], maps: [map], curves: [curves],
            columns: names.map { TableColumn(title: $0, explanation: $0, isNumeric: false) },
            rows: names.enumerated().map { index, name in
                TableRow(
                    name: name, block: index, role: name, direction: name, cells: names.map { TableCell(text: $0) },
                    details: details)
            })
    }
}
