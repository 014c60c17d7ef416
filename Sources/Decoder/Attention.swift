import AdaDimLinearAlgebra

/// Grouped-query attention between the query, key and value projections and the output projection.
package struct Attention: Sendable {
    let heads: Int
    let keyValueHeads: Int
    let headDimension: Int
    /// How many positions back a token sees, itself included; nil for all of them.
    let window: Int?

    package init(heads: Int, keyValueHeads: Int, headDimension: Int, window: Int?) {
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headDimension = headDimension
        self.window = window
    }

    /// Queries whose scores are formed at once. Keys after a tile's last query are never touched, so a short tile saves
    /// work and a long one makes larger products.
    private static let tileLength = 128
    /// Upper bound on the scores held at once, in elements (4 MB); a tile of one head may exceed it.
    private static let scoreBudget = 1 << 20

    /// - Parameters:
    ///   - queries: [heads·d, tokens], a token per column; head h is rows h·d ..< (h + 1)·d.
    ///   - keys: [keyValueHeads·d, tokens]. Query head h reads key and value head h · keyValueHeads / heads.
    ///   - values: [keyValueHeads·d, tokens].
    /// - Returns: [heads·d, tokens], V · softmax(Kᵀ·Q / √d) of each head and sequence.
    package func callAsFunction(
        queries: Matrix<Float>, keys: Matrix<Float>, values: Matrix<Float>, layout: SequenceLayout
    ) -> Matrix<Float> {
        var output = Matrix<Float>(uninitialized: queries.rows, queries.columns)
        let reach = min(layout.longest, (window ?? layout.longest) + Self.tileLength)
        let headsAtOnce = min(heads, max(1, Self.scoreBudget / max(1, reach * Self.tileLength)))
        var scores = Matrix<Float>(uninitialized: reach, headsAtOnce * min(Self.tileLength, layout.longest))
        output.withMutableView { output in
            queries.withView { queries in
                keys.withView { keys in
                    values.withView { values in
                        scores.withMutableView { scores in
                            for sequence in layout.ranges {
                                for start in stride(from: 0, to: sequence.count, by: Self.tileLength) {
                                    let end = min(start + Self.tileLength, sequence.count)
                                    attend(
                                        AttentionTile(queries: start..<end, window: window), from: sequence.lowerBound,
                                        headsAtOnce, queries, keys, values, scores, output)
                                }
                            }
                        }
                    }
                }
            }
        }
        return output
    }

    /// One tile of queries of the sequence that begins at column `origin`, all heads.
    private func attend(
        _ tile: AttentionTile, from origin: Int, _ headsAtOnce: Int, _ queries: MatrixView<Float>,
        _ keys: MatrixView<Float>, _ values: MatrixView<Float>, _ scores: MutableMatrixView<Float>,
        _ output: MutableMatrixView<Float>
    ) {
        let queryColumns = origin + tile.queries.lowerBound..<origin + tile.queries.upperBound
        let keyColumns = origin + tile.keys.lowerBound..<origin + tile.keys.upperBound
        let scale = 1 / Float(headDimension).squareRoot()

        for firstHead in stride(from: 0, to: heads, by: headsAtOnce) {
            let group = firstHead..<min(firstHead + headsAtOnce, heads)
            let tileScores = scores[rows: 0..<tile.keys.count, columns: 0..<group.count * tile.queries.count]
            func columns(of head: Int) -> Range<Int> {
                let first = (head - firstHead) * tile.queries.count
                return first..<first + tile.queries.count
            }
            for head in group {
                gemm(
                    scale, keys[rows: keyValueRows(head), columns: keyColumns], .transposed,
                    queries[rows: rows(head), columns: queryColumns], .none, 0,
                    tileScores[rows: 0..<tile.keys.count, columns: columns(of: head)])
            }
            softmax(tileScores, tile)
            for head in group {
                gemm(
                    1, values[rows: keyValueRows(head), columns: keyColumns], .none,
                    tileScores.reading[rows: 0..<tile.keys.count, columns: columns(of: head)], .none, 0,
                    output[rows: rows(head), columns: queryColumns])
            }
        }
    }

    private func rows(_ head: Int) -> Range<Int> { head * headDimension..<(head + 1) * headDimension }

    private func keyValueRows(_ head: Int) -> Range<Int> { rows(head * keyValueHeads / heads) }
}
