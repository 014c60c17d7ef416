import AdaDimDecoder
import AdaDimLinearAlgebra
import Foundation

/// KL(P‖Q) = Σ p·ln(p/q) between the next-token distributions of two models, for many tokens, from logits that arrive a
/// panel of the vocabulary at a time. With x and y the two logits it is E_P(x − y) − ln Σeˣ + ln Σeʸ, and each of the
/// three sums is kept relative to the largest logit so far, as ``TargetLogLikelihoods`` does.
package struct NextTokenDivergences {
    /// Per token m_P, Σe^(x−m_P), Σe^(x−m_P)·(x−y), m_Q and Σe^(y−m_Q), [5, tokens].
    private var running: Matrix<Double>

    package init(tokens: Int) {
        running = Matrix(rows: 5, columns: tokens) { row, _ in row == 0 || row == 3 ? -.infinity : 0 }
    }

    /// Takes the logits of some vocabulary entries for the tokens `columns`, [entries, columns] of either model.
    package mutating func add(original: MatrixView<Float>, variant: MatrixView<Float>, columns: Range<Int>) {
        precondition(
            original.rows == variant.rows && original.columns == columns.count && variant.columns == columns.count,
            "logits [\(original.rows), \(original.columns)] compared with [\(variant.rows), \(variant.columns)]")
        running.withMutableView { running in
            concurrently(columns.count, by: 8) { run in
                for j in run {
                    let state = running.column(columns.lowerBound + j)
                    let panel = panelSums(original.column(j), variant.column(j), original.rows)
                    let largest = max(state[0], panel.largest)
                    let (kept, added) = (exp(state[0] - largest), exp(panel.largest - largest))
                    state[1] = state[1] * kept + panel.sum * added
                    state[2] = state[2] * kept + panel.weighted * added
                    state[0] = largest
                    let other = max(state[3], panel.otherLargest)
                    state[4] = state[4] * exp(state[3] - other) + panel.otherSum * exp(panel.otherLargest - other)
                    state[3] = other
                }
            }
        }
    }

    /// The divergence of each token's distributions, in nats, once every panel has been added. Never below zero, where
    /// rounding could take it; NaN where a logit was none.
    package var values: [Double] {
        (0..<running.columns).map { token in
            let (logP, logQ) = (running[0, token] + log(running[1, token]), running[3, token] + log(running[4, token]))
            let divergence = running[2, token] / running[1, token] - logP + logQ
            return divergence < 0 ? 0 : divergence
        }
    }
}

private struct PanelSums {
    var largest = 0.0
    var sum = 0.0
    /// Σ e^(x − largest)·(x − y).
    var weighted = 0.0
    var otherLargest = 0.0
    var otherSum = 0.0
}

/// Lanes of Float over runs of at most 256 terms, added up in Double.
private func panelSums(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int) -> PanelSums {
    let whole = count & ~7
    let tails = (
        Lanes(x + whole, count: count - whole, filler: -.infinity),
        Lanes(y + whole, count: count - whole, filler: -.infinity)
    )
    var maxima = tails
    for i in stride(from: 0, to: whole, by: 8) {
        let lanes = (Lanes(x + i), Lanes(y + i))
        maxima.0.replace(with: lanes.0, where: lanes.0 .> maxima.0)
        maxima.1.replace(with: lanes.1, where: lanes.1 .> maxima.1)
    }
    let largest = (maxima.0.max(), maxima.1.max())
    var sums = PanelSums(largest: Double(largest.0), otherLargest: Double(largest.1))
    var i = 0
    while i < count {
        let end = min(i + 256, count)
        var (sum, weighted, other) = (Lanes.zero, Lanes.zero, Lanes.zero)
        while i < end {
            let isWhole = i + 8 <= count
            let (a, b) = isWhole ? (Lanes(x + i), Lanes(y + i)) : tails
            let power = exponential(nonPositive: a - largest.0)
            sum += power
            // After the end both are −∞, and their difference is NaN.
            let difference = isWhole ? a - b : (a - b).replacing(with: 0, where: power .== 0)
            weighted += power * difference
            other += exponential(nonPositive: b - largest.1)
            i += 8
        }
        sums.sum += Double(sum.sum())
        sums.weighted += Double(weighted.sum())
        sums.otherSum += Double(other.sum())
    }
    return sums
}
