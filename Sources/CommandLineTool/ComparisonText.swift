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
        let heading = "\(windows) windows of \(comparison.windowLength) tokens; in brackets, 95 % intervals"
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

    private static func signed(_ estimate: BootstrapEstimate) -> String {
        String(format: "%+.4f (%+.4f to %+.4f)", estimate.mean, estimate.low, estimate.high)
    }

    private static func plain(_ estimate: BootstrapEstimate) -> String {
        String(format: "%.4f (%.4f to %.4f)", estimate.mean, estimate.low, estimate.high)
    }
}

/// The same for programs.
struct ComparisonFigures: Encodable {
    struct Original: Encodable {
        let perplexity: Double
        let windowLogLikelihoods: [Double]
    }

    struct Variant: Encodable {
        let name: String
        let perplexity: Double
        let excess: BootstrapEstimate
        let divergence: BootstrapEstimate
        let windowLogLikelihoods: [Double]
        let windowDivergences: [Double]
    }

    struct Difference: Encodable {
        let variant: String
        let from: String
        let excess: BootstrapEstimate
        let divergence: BootstrapEstimate
    }

    let windows: Int
    let windowLength: Int
    let original: Original
    let variants: [Variant]
    let differences: [Difference]

    init(_ comparison: ModelComparison) {
        windows = comparison.windowLogLikelihoods.count
        windowLength = comparison.windowLength
        original = Original(
            perplexity: comparison.perplexity.perplexity, windowLogLikelihoods: comparison.windowLogLikelihoods)
        variants = comparison.variants.map {
            Variant(
                name: $0.name, perplexity: comparison.perplexity($0).perplexity, excess: comparison.excess($0),
                divergence: comparison.divergence($0), windowLogLikelihoods: $0.windowLogLikelihoods,
                windowDivergences: $0.windowDivergences)
        }
        differences = comparison.pairs.map { a, b in
            Difference(
                variant: b.name, from: a.name, excess: comparison.difference(b, from: a),
                divergence: comparison.divergenceDifference(b, from: a))
        }
    }
}
