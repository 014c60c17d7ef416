import AdaDimLinearAlgebra

/// Which keys the queries of one tile see.
struct AttentionTile: Sendable {
    /// Positions of the queries, in their sequence.
    let queries: Range<Int>
    /// Positions of the keys that any of the queries sees.
    let keys: Range<Int>
    /// How many positions back a query sees, itself included; nil for all.
    let window: Int?

    init(queries: Range<Int>, window: Int?) {
        self.queries = queries
        self.window = window
        let first = window.map { max(0, queries.lowerBound - $0 + 1) } ?? 0
        keys = first..<queries.upperBound
    }

    /// The rows of the scores, counted from the tile's first key, that the query at `position` sees.
    func visibleRows(from position: Int) -> Range<Int> {
        let first = window.map { max(0, position - $0 + 1) } ?? 0
        return first - keys.lowerBound..<position + 1 - keys.lowerBound
    }
}

/// Replaces the scores of one head [keys, queries] by attention shares: the softmax of each column's visible rows, and
/// 0 in the others.
func softmax(_ scores: MutableMatrixView<Float>, _ tile: AttentionTile) {
    for j in 0..<scores.columns {
        let column = scores.column(j)
        let visible = tile.visibleRows(from: tile.queries.lowerBound + j)
        column.update(repeating: 0, count: visible.lowerBound)
        softmax(column + visible.lowerBound, visible.count)
        (column + visible.upperBound).update(repeating: 0, count: scores.rows - visible.upperBound)
    }
}

/// e^(xᵢ − max x) / Σ, in place. The largest term is 1, so the sum is at least 1 and nothing overflows.
private func softmax(_ values: UnsafeMutablePointer<Float>, _ count: Int) {
    let whole = count & ~7
    let rest = count - whole
    var maxima = Lanes(values + whole, count: rest, filler: -.infinity)
    for i in stride(from: 0, to: whole, by: 8) {
        let lanes = Lanes(values + i)
        maxima.replace(with: lanes, where: lanes .> maxima)
    }
    let maximum = maxima.max()

    var sums = Lanes.zero
    for i in stride(from: 0, to: whole, by: 8) {
        let powers = exponential(nonPositive: Lanes(values + i) - maximum)
        sums += powers
        powers.store(to: values + i)
    }
    if rest > 0 {
        let powers = exponential(nonPositive: Lanes(values + whole, count: rest, filler: -.infinity) - maximum)
        sums += powers
        powers.store(to: values + whole, count: rest)
    }
    let scale = 1 / sums.sum()
    for i in stride(from: 0, to: whole, by: 8) { (Lanes(values + i) * scale).store(to: values + i) }
    for i in whole..<count { values[i] *= scale }
}
