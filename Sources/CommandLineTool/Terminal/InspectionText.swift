import AdaDimFiles
import AdaDimInspection
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimReports
import Foundation
import TextTable

/// What a user reads of an inspection: a line for each layer, the outliers by name, and the totals.
struct InspectionText {
    let report: InspectionReport
    /// Where the report was written.
    let directory: URL?

    var text: String {
        let table = TextTable<InspectionReport.Layer> { layer in
            let input = report.inputs[layer.input]
            let found = layer.sensitivity(.inverseHessian)
            return [
                Column(title: "layer", value: Self.short(layer.name)),
                Column(title: "max|x|", value: significant(input.largest, 3), align: .right),
                Column(title: "/median", value: ratio(input.largest, input.medianLargest), align: .right),
                Column(title: "outliers", value: input.outliers.count, align: .right),
                Column(title: "RTN OC", value: loss(layer, .perOutputChannel, .roundToNearest), align: .right),
                Column(title: "RTN IC", value: loss(layer, .perInputChannel, .roundToNearest), align: .right),
                Column(title: "GPTQ OC", value: loss(layer, .perOutputChannel, .gptq), align: .right),
                Column(title: "GPTQ IC", value: loss(layer, .perInputChannel, .gptq), align: .right),
                Column(title: "rank", value: correlation(found?.rankCorrelation), align: .right),
                Column(title: "verdict", value: layer.verdict),
            ]
        }
        let lines = [legend, table.string(for: report.layers) ?? ""] + outliers + [totals, time] + written
        return lines.joined(separator: "\n")
    }

    private var legend: String {
        """
        max|x|: the largest activation of the layer's input; /median: over the median channel's.
        RTN, GPTQ: the loss ‖(W−Q)X‖²/‖WX‖² at \(report.options.run.recipe.options.grid.bits) bits, per-OC (OC) and per-IC (IC).
        rank: Spearman's rank correlation of the input channels' max|x| with their sensitivity.
        verdict: the direction of the smaller GPTQ loss; sensitivity is w²/[(H+λI)⁻¹]ⱼⱼ with H = XXᵀ.

        """
    }

    /// As in `3.self_attn.q_proj`: a layer's name from the number of its block on.
    private static func short(_ name: String) -> String {
        let parts = name.split(separator: ".")
        guard let number = parts.firstIndex(where: { Int($0) != nil }) else { return name }
        return parts[number...].joined(separator: ".")
    }

    private func ratio(_ a: Double, _ b: Double) -> String { b > 0 ? "\(significant(a / b, 3))×" : "" }

    private func correlation(_ value: Double?) -> String { value.map { String(format: "%.2f", $0) } ?? "" }

    private func loss(
        _ layer: InspectionReport.Layer, _ dimension: ChannelDimension, _ method: QuantizationOptions.Method
    ) -> String { shareText(layer.loss(dimension, method)) }

    /// Channels named in a line, at most.
    private static let mostChannels = 8

    /// The outlier channels, input by input.
    private var outliers: [String] {
        report.inputs.filter { !$0.outliers.isEmpty }.map { input in
            let channels = input.outliers.sorted { $0.largest > $1.largest }.map {
                "\($0.channel) (\(significant($0.largest, 3)))"
            }
            let names = input.layers.map(Self.short).joined(separator: ", ")
            return "outliers of \(names): \(shortList(channels, most: Self.mostChannels))"
        }
    }

    private var totals: String {
        let totals = report.totals
        return "\(totals.perInputChannelLayers) of \(totals.layers) layers lose less per-IC; outliers in "
            + "\(totals.inputsWithOutliers) of \(totals.inputs) inputs"
    }

    private var time: String {
        "\(duration(report.totals.seconds)) in all: \(shares(report.totals.parts.all, of: report.totals.seconds))"
    }

    private var written: [String] {
        directory.map { ["Written to \($0.relativePath)", pageLine(in: $0, InspectionReport.pageName)] } ?? []
    }
}
