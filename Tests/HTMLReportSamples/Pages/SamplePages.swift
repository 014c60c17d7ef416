import AdaDimHTMLReport
import Foundation

/// Pages of made-up values, for tests and for eyes.
package enum SamplePages {
    /// All of them, by the name of their file.
    package static var all: [(name: String, page: HTMLPage)] {
        [
            ("run", run), ("large", large), ("hostile", hostile()), ("losses", losses),
            ("empty", HTMLPage(title: "Nothing")),
            ("extreme", extreme),
        ]
    }

    /// 30 blocks, with every layer's details.
    package static var run: HTMLPage {
        page(
            "smollm2-135m, 3 bits", SampleModel(blocks: 30, hidden: 576, intermediate: 1536, keys: 192),
            hasDetails: true)
    }

    /// 80 blocks of a 70B model, with every layer's details: 560 layers.
    package static var large: HTMLPage {
        page(
            "Llama-3-70B, 4 bits", SampleModel(blocks: 80, hidden: 8192, intermediate: 28672, keys: 1024),
            hasDetails: true)
    }

    /// 126 blocks, losses alone.
    package static var losses: HTMLPage {
        page(
            "Llama-3.1-405B, 3 bits", SampleModel(blocks: 126, hidden: 64, intermediate: 96, keys: 16),
            hasDetails: false)
    }

    private static func page(_ title: String, _ model: SampleModel, hasDetails: Bool) -> HTMLPage {
        let perInput = model.layers.count(where: \.isPerInput)
        let blocks = Array(0..<model.blocks)
        return HTMLPage(
            title: title,
            subtitle: "Every linear layer by GPTQ, per output channel or per input channel, whichever loses less",
            facts: [
                .init("Layers", "\(model.layers.count)"), .init("Per-IC", "\(perInput)"), .init("Group size", "128"),
                .init("Calibration", "128 samples of 2,048 tokens"), .init("Mean relative loss", "1.24 %"),
                .init("Bits per weight", "3.13"), .init("Time", "41 min 12 s"), .init("Peak memory", "9.4 GB"),
            ],
            notes: [
                "\(perInput) of \(model.layers.count) layers lose less with groups along the input channels. Most of them are "
                    + "down projections, whose inputs have few channels that stand out."
            ],
            bars: [
                BarChart(
                    title: "Where the time went", caption: "Seconds of the whole run; the parts add up to it.",
                    unit: "seconds",
                    bars: [
                        .init(name: "sweep", value: 1312), .init(name: "Gram", value: 610.4),
                        .init(name: "decoder blocks", value: 402), .init(name: "factor", value: 101.7),
                        .init(name: "reading", value: 22), .init(name: "writing", value: 20.1),
                        .init(name: "rest", value: 3.8),
                    ])
            ],
            maps: [
                DepthRoleMap(
                    title: "Which direction loses less",
                    caption:
                        "The loss of per-IC over the loss of per-OC: blue where per-IC is better, orange where per-OC is.",
                    roles: SampleModel.roles, blocks: blocks, values: model.ratios,
                    marks: model.layers.map(\.isPerInput),
                    markLegend: "● per-IC chosen",
                    scale: .diverging(center: 1, lowLegend: "per-IC better", highLegend: "per-OC better"),
                    unit: "loss per-IC / loss per-OC"),
                DepthRoleMap(
                    title: "Where the loss is", caption: "What each layer adds to the loss of the whole model.",
                    roles: SampleModel.roles, blocks: blocks, values: model.sensitivities,
                    scale: .sequential(log: true), unit: "% of the loss"),
            ], curves: SampleModel.roles.map(model.curves),
            columns: [
                TableColumn(title: "Shape", explanation: "Output channels × input channels.", isNumeric: true),
                TableColumn(
                    title: "Relative loss", explanation: "‖(W−Q)X‖² as a share of ‖WX‖², of the layer as written.",
                    isNumeric: true),
                TableColumn(
                    title: "per-IC / per-OC", explanation: "The loss of one direction over that of the other.",
                    isNumeric: true),
                TableColumn(title: "Seconds", explanation: "Time that the layer took, all in all.", isNumeric: true),
            ],
            rows: model.layers.map { layer in
                let ratio = layer.perInput / layer.perOutput
                return TableRow(
                    name: layer.name, block: layer.block, role: layer.role,
                    direction: layer.isPerInput ? "per-IC" : "per-OC",
                    cells: [
                        TableCell(
                            text: "\(layer.outputs) × \(layer.inputs)", sortKey: Double(layer.outputs * layer.inputs)),
                        TableCell(text: String(format: "%.3f %%", 100 * layer.loss), sortKey: layer.loss),
                        TableCell(text: String(format: "%.2f", ratio), sortKey: ratio),
                        TableCell(
                            text: String(format: "%.1f", Double(layer.outputs * layer.inputs) / 4e5),
                            sortKey: Double(layer.outputs * layer.inputs)),
                    ], details: hasDetails ? layer.details : nil)
            })
    }
}
