import AdaDimExport
import AdaDimFormats
import AdaDimPipeline
import AdaDimQuantization
import AdaDimReports
import TextTable

/// What a user reads when a quantization is done: a line for each kind of layer, and the totals.
struct QuantizationText {
    let report: QuantizationReport

    private struct Row {
        let name: String
        let layers: [QuantizationReport.Layer]

        var meanLoss: Double? { layers.map(\.loss).meanRelative }
        var largestLoss: Double? { layers.compactMap(\.loss.relative).max() }
        var perInputChannel: Int { layers.count { $0.dimension == .perInputChannel } }
        var seconds: Double { layers.map(\.seconds.total).reduce(0, +) }
    }

    var text: String {
        let table = TextTable<Row> { row in
            [
                Column(title: "layers", value: row.name),
                Column(title: "count", value: row.layers.count, align: .right),
                Column(title: "per-IC", value: row.perInputChannel, align: .right),
                Column(title: "mean relative loss", value: shareText(row.meanLoss), align: .right),
                Column(title: "largest", value: shareText(row.largestLoss), align: .right),
                Column(title: "seconds", value: significant(row.seconds, 3), align: .right),
            ]
        }
        let totals = report.totals
        let dense = report.layers.compactMap { layer in
            layer.denseBecause.map { "\(layer.name) stays dense: \($0)" }
        }
        let summary =
            effects + [
                "All layers' losses over all their outputs' energy: \(percent(totals.energyWeightedRelativeLoss))",
                size(totals),
                "\(duration(totals.seconds)) in all: \(shares(totals.parts.all, of: totals.seconds))",
            ]
        let lines = [table.string(for: rows) ?? ""] + dense + summary
        return lines.joined(separator: "\n")
    }

    /// The gain of each step after a plain sweep.
    private var effects: [String] {
        func mean(_ loss: (QuantizationReport.Layer) -> QuantizationReport.Loss?) -> String? {
            report.layers.compactMap(loss).meanRelative.map(percent)
        }
        var lines: [String] = []
        let most = report.layers.compactMap { $0.losses[$0.dimension.rawValue]?.passes }.max() ?? 0
        let passes = most == 1 ? "1 pass" : "up to \(most) passes"
        if report.options.recipe.tokenWeights == .attention {
            lines.append(
                "Losses of q, k and v are weighted by attention: they cannot be compared with those of a run with equal tokens"
            )
        }
        if report.layers.contains(where: { $0.correction != nil }) {
            lines.append(
                "Losses are those of corrected weights: they cannot be compared with those of a run without correction")
        }
        if let swept = mean({ $0.refined == nil ? nil : $0.swept }), let refined = mean(\.refined) {
            lines.append("Mean relative loss \(swept) after the sweep, \(refined) after \(passes)")
        }
        if let moved = mean({ $0.correction?.outputs.weight }), let target = mean({ $0.correction?.outputs.target }),
            let quantized = mean({ $0.correction?.outputs.quantized })
        {
            lines.append(
                "Layer outputs differ from the original model's by \(moved) because of earlier layers, \(target) with corrected weights, \(quantized) as quantized"
            )
        }
        return lines
    }

    private func size(_ totals: QuantizationReport.Totals) -> String {
        let stored = significant(totals.bitsPerWeight, 3)
        guard report.options.recipe.format.packing == nil else {
            return "\(stored) bits per weight in the quantized layers, overheads included"
        }
        let packed = significant(totals.packedBitsPerWeight, 3)
        return "\(packed) bits per weight if packed, overheads included; written dense in \(stored) bits"
    }

    /// Layers by the last component of their name, in the order of their first appearance, then all of blocks.
    private var rows: [Row] {
        var order: [String] = []
        var byRole: [String: [QuantizationReport.Layer]] = [:]
        for layer in report.layers {
            let role = layer.name.split(separator: ".").last.map(String.init) ?? layer.name
            if byRole[role] == nil { order.append(role) }
            byRole[role, default: []].append(layer)
        }
        let ofBlocks = report.layers.filter { $0.table == nil }
        let sum = Row(name: ofBlocks.count < report.layers.count ? "all of blocks" : "all", layers: ofBlocks)
        return order.map { Row(name: $0, layers: byRole[$0] ?? []) } + [sum]
    }
}
