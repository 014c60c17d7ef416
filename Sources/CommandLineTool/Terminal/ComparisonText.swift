import AdaDimEvaluation
import Foundation
import TextTable

/// What a user reads of a comparison: the variants, then every two of them.
struct ComparisonText {
    let comparison: ModelComparison

    private struct Row {
        let name: String
        let perplexity: Double
        let excess: String
        let divergence: String
    }

    private struct Pair {
        let names: String
        let difference: String
        let divergence: String
    }

    var text: String {
        let table = TextTable<Row> { row in
            [
                Column(title: "model", value: row.name),
                Column(title: "perplexity", value: String(format: "%.3f", row.perplexity), align: .right),
                Column(title: "excess, nats per token", value: row.excess, align: .right),
                Column(title: "KL divergence, nats", value: row.divergence, align: .right),
            ]
        }
        let differences = TextTable<Pair> { pair in
            [
                Column(title: "difference", value: pair.names),
                Column(title: "excess", value: pair.difference, align: .right),
                Column(title: "KL divergence", value: pair.divergence, align: .right),
            ]
        }
        let windows = comparison.windowLogLikelihoods.count
        let heading =
            "\(windows) \(windows == 1 ? "window" : "windows") of \(comparison.windowLength) tokens; "
            + (windows < BootstrapEstimate.fewestWindows
                ? "95 % intervals take at least \(BootstrapEstimate.fewestWindows)" : "in brackets, 95 % intervals")
        let tables =
            [table.string(for: rows, style: Style.pipe)]
            + (pairs.isEmpty ? [] : [differences.string(for: pairs, style: Style.pipe)])
        return ([heading] + tables.map { $0 ?? "" }).joined(separator: "\n\n")
    }

    private var rows: [Row] {
        [Row(name: "original", perplexity: comparison.perplexity.perplexity, excess: "", divergence: "")]
            + comparison.variants.map {
                Row(
                    name: $0.name, perplexity: comparison.perplexity($0).perplexity,
                    excess: Self.signed(comparison.excess($0)), divergence: Self.plain(comparison.divergence($0)))
            }
    }

    private var pairs: [Pair] {
        comparison.pairs.map { a, b in
            Pair(
                names: "\(b.name) − \(a.name)", difference: Self.signed(comparison.difference(b, from: a)),
                divergence: Self.signed(comparison.divergenceDifference(b, from: a)))
        }
    }

    private static func signed(_ estimate: BootstrapEstimate) -> String { text(estimate, "%+.4f") }

    private static func plain(_ estimate: BootstrapEstimate) -> String { text(estimate, "%.4f") }

    private static func text(_ estimate: BootstrapEstimate, _ format: String) -> String {
        func number(_ value: Double) -> String { String(format: format, value) }
        let interval = estimate.interval.map { " (\(number($0.low)) to \(number($0.high)))" } ?? ""
        return number(estimate.mean) + interval
    }
}
