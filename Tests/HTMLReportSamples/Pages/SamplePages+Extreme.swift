import AdaDimHTMLReport

extension SamplePages {
    /// Numbers that no axis has a place for, one block, gaps in block numbers, nothing at all.
    package static var extreme: HTMLPage {
        let odd: [Double] = [.nan, .infinity, -.infinity, 0, -1, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1]
        let roles = ["q_proj", "k_proj"]
        let scales: [DepthRoleMap.Scale] = [
            .diverging(center: 1, lowLegend: "low", highLegend: "high"), .sequential(log: true),
            .sequential(log: false),
        ]
        func maps(_ name: String, _ blocks: [Int], _ values: [Double?]) -> [DepthRoleMap] {
            scales.map {
                DepthRoleMap(
                    title: "\(name)", caption: "\($0)", roles: roles, blocks: blocks, values: values, scale: $0,
                    unit: "ratio")
            }
        }
        func curves(_ name: String, _ values: [Double?]) -> DepthCurves {
            DepthCurves(
                title: name, caption: "", yLabel: "loss", blocks: Array(values.indices),
                series: [.init(name: "one", values: values), .init(name: "shorter", values: [0.5])])
        }
        func details(_ channels: [Double], _ cells: [Float], _ counts: [Int]) -> LayerDetails {
            LayerDetails(figures: [
                .channels(
                    ChannelPlot(
                        title: "Channels", caption: "", largest: channels, rootMeanSquare: channels,
                        outliers: [-1, 0, 1, 6, 7, 99], threshold: channels.first)),
                .map(
                    MatrixMap(
                        title: "Map", caption: "", outputs: cells.count / 2, inputs: 2, rows: cells.count / 2,
                        columns: 2,
                        values: cells, inputMarginal: channels, outputMarginal: channels, unit: "loss")),
                .histogram(
                    Histogram(
                        title: "Histogram", caption: "", xLabel: "x", yLabel: "y",
                        range: counts.isEmpty ? -Double.infinity ... .infinity : -3...2,
                        series: [.init(name: "counts", counts: counts)])),
            ])
        }
        let allDetails = [
            details(odd, odd.map { Float($0) }, [0, -5, .max, 3]), details([], [], []), details([0, 0], [0, 0], [0]),
            details([3], [3, 3], [3]), LayerDetails(),
        ]
        return HTMLPage(
            title: "Extremes",
            bars: [
                BarChart(title: "Odd bars", caption: "", unit: "s", bars: odd.map { .init(name: "bar", value: $0) }),
                BarChart(title: "No bars", caption: "", unit: "s", bars: []),
                BarChart(title: "Zero bars", caption: "", unit: "s", bars: [.init(name: "zero", value: 0)]),
            ],
            maps: maps("Odd", [0, 1, 7, 1_000_000], odd.map(Optional.some)) + maps("One", [5], [2, nil])
                + maps("None", [], []) + maps("Short", [.min, .max], [1]) + maps("Two", [0, 1], [1, 1.3, 0.4, 1]),
            curves: [
                curves("Odd", odd), curves("One", [0.25]), curves("None", []), curves("Gaps", [1, nil, 2, 3, nil, 4]),
            ],
            columns: [TableColumn(title: "Value", explanation: "", isNumeric: true)],
            rows: allDetails.enumerated().map { index, details in
                TableRow(
                    name: "layer \(index)", block: .max, role: "role",
                    cells: [TableCell(text: "x", sortKey: odd[index])],
                    details: details)
            })
    }
}
