import AdaDimDecoder
import AdaDimLinearAlgebra
import Foundation

/// log softmax(logits)[target] of many tokens, from logits that arrive a panel of the vocabulary at a time; the
/// [vocabulary, tokens] matrix never exists. The normalizer is kept as m + ln s with m the largest logit so far and
/// s = Σ e^(logit − m) (online softmax, Milakov and Gimelshein, arXiv 1805.02867).
package struct TargetLogLikelihoods {
    /// The vocabulary index of each token's target.
    private let targets: [Int32]
    /// Per token m, s and the target's logit, [3, tokens].
    private var running: Matrix<Double>

    package init(targets: [Int32]) {
        self.targets = targets
        running = Matrix(rows: 3, columns: targets.count) { row, _ in row == 1 ? 0 : -.infinity }
    }

    /// Takes the logits of vocabulary entries `rows` for the tokens `columns`, [rows, columns].
    package mutating func add(_ logits: MatrixView<Float>, rows: Range<Int>, columns: Range<Int>) {
        precondition(
            logits.rows == rows.count && logits.columns == columns.count && rows.count > 0,
            "logits [\(logits.rows), \(logits.columns)] of \(rows.count) entries and \(columns.count) tokens")
        running.withMutableView { [targets] running in
            concurrently(columns.count, by: 8) { run in
                for j in run {
                    let token = columns.lowerBound + j
                    let values = logits.column(j)
                    let (maximum, sum) = exponentialSum(values, logits.rows)
                    let state = running.column(token)
                    let larger = max(state[0], maximum)
                    state[1] = state[1] * exp(state[0] - larger) + sum * exp(maximum - larger)
                    state[0] = larger
                    let target = Int(targets[token])
                    if rows.contains(target) { state[2] = Double(values[target - rows.lowerBound]) }
                }
            }
        }
    }

    /// The log-likelihood of each token's target, once every panel has been added.
    package var values: [Double] { targets.indices.map { running[2, $0] - running[0, $0] - log(running[1, $0]) } }
}

/// max x and Σ e^(x − max x). Lanes of Float over runs of at most 256 terms, added up in Double.
private func exponentialSum(_ x: UnsafePointer<Float>, _ count: Int) -> (maximum: Double, sum: Double) {
    let whole = count & ~7
    let tail = Lanes(x + whole, count: count - whole, filler: -.infinity)
    var maxima = tail
    for i in stride(from: 0, to: whole, by: 8) {
        let lanes = Lanes(x + i)
        maxima.replace(with: lanes, where: lanes .> maxima)
    }
    let maximum = maxima.max()
    var sum = Double(exponential(nonPositive: tail - maximum).sum())
    var i = 0
    while i < whole {
        let end = min(i + 256, whole)
        var sums = Lanes.zero
        while i < end {
            sums += exponential(nonPositive: Lanes(x + i) - maximum)
            i += 8
        }
        sum += Double(sums.sum())
    }
    return (Double(maximum), sum)
}
