import AdaDimReports
import Foundation
import TextTable

/// The variants of one model, as a table that is valid Markdown.
struct VariantsTable {
    struct Row {
        let name: String
        let perplexity: Double
        let original: Double
        var report: QuantizationReport?

        /// Nats per token over the original.
        var excess: Double { log(perplexity / original) }
    }

    let rows: [Row]

    /// In brackets where it is not the mean of plain losses and cannot be compared with them.
    private static func meanLoss(_ report: QuantizationReport) -> String {
        let text = percent(report.totals.meanRelativeLoss)
        return report.hasPlainLosses ? text : "(\(text))"
    }

    /// The table, and what it shows in a sentence.
    var text: String { [table, summary].compactMap { $0 }.joined(separator: "\n") }

    /// The plainest variant, the one that loses least, and how much less that is; nil without variants.
    var summary: String? {
        let variants = rows.filter { $0.report != nil }
        guard let plain = variants.first, let best = variants.min(by: { $0.excess < $1.excess }) else { return nil }
        let bits = plain.report.map { "At \($0.options.recipe.options.grid.bits) bits, " } ?? ""
        guard plain.excess > 0 else {
            return bits + "\(plain.name) does not raise the perplexity of this model on this text; fewer bits may."
        }
        let opening = bits + "\(plain.name) raises the perplexity by \(percent(plain.perplexity / plain.original - 1))"
        guard best.name != plain.name else { return "\(opening), and no other variant loses less." }
        guard best.excess > 0 else { return "\(opening). \(best.name) does not raise it." }
        return "\(opening). \(best.name) raises it by \(percent(best.perplexity / best.original - 1)): "
            + "it loses \(percent(1 - best.excess / plain.excess)) less."
    }

    private var table: String {
        TextTable<Row> { row in
            [
                Column(title: "variant", value: row.name),
                Column(
                    title: "mean relative loss", value: row.report.map(Self.meanLoss) ?? "", align: .right),
                Column(title: "perplexity", value: String(format: "%.3f", row.perplexity), align: .right),
                Column(
                    title: "excess", value: row.report == nil ? "" : String(format: "%.4f", row.excess), align: .right),
                Column(
                    title: "per-IC layers",
                    value: row.report.map { "\($0.totals.perInputChannelLayers) of \($0.totals.quantizedLayers)" }
                        ?? "",
                    align: .right),
                Column(
                    title: "seconds", value: row.report.map { String(format: "%.1f", $0.totals.seconds) } ?? "",
                    align: .right),
            ]
        }.string(for: rows, style: Style.pipe) ?? ""
    }
}
