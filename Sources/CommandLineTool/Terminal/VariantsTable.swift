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

    /// In brackets where it is of something else than plain runs' losses, and does not compare with these.
    private static func meanLoss(_ report: QuantizationReport) -> String {
        let text = percent(report.totals.meanRelativeLoss)
        return report.hasPlainLosses ? text : "(\(text))"
    }

    var text: String {
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
