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

    /// One head's queries of one tile: a job by itself, whose scores stay in cache between its two products.
    private struct Job {
        let head: Int
        let tile: AttentionTile
        /// The sequence's first column.
        let origin: Int
    }

    /// - Parameters:
    ///   - queries: [heads·d, tokens], a token per column; head h is rows h·d ..< (h + 1)·d.
    ///   - keys: [keyValueHeads·d, tokens]. Query head h reads key and value head h · keyValueHeads / heads.
    ///   - values: [keyValueHeads·d, tokens].
    /// - Returns: [heads·d, tokens], V · softmax(Kᵀ·Q / √d) of each head and sequence.
    package func callAsFunction(
        queries: Matrix<Float>, keys: Matrix<Float>, values: Matrix<Float>, layout: SequenceLayout
    ) -> Matrix<Float> {
        let output = Workspace<Float>(rows: queries.rows, columns: queries.columns)
        let jobs = jobs(layout)
        let reach = min(layout.longest, (window ?? layout.longest) + Self.tileLength)
        let scores = WorkspacePool(count: min(jobs.count, BLASLibrary.threadCount)) {
            Workspace<Float>(rows: reach, columns: min(Self.tileLength, layout.longest))
        }
        queries.withView { queries in
            keys.withView { keys in
                values.withView { values in
                    concurrentlyCallingBLAS(jobs.count, workers: scores.count) { index in
                        scores.borrow { attend(jobs[index], queries, keys, values, $0.view, output.view) }
                    }
                }
            }
        }
        return Matrix(output)
    }

    /// The jobs, those with the most keys first, so that no long one is left for the end.
    private func jobs(_ layout: SequenceLayout) -> [Job] {
        let tiles = layout.ranges.flatMap { sequence in
            stride(from: 0, to: sequence.count, by: Self.tileLength).map { start in
                let queries = start..<min(start + Self.tileLength, sequence.count)
                return (tile: AttentionTile(queries: queries, window: window), origin: sequence.lowerBound)
            }
        }
        return tiles.sorted { $0.tile.keys.count > $1.tile.keys.count }.flatMap { tile, origin in
            (0..<heads).map { Job(head: $0, tile: tile, origin: origin) }
        }
    }

    private func attend(
        _ job: Job, _ queries: MatrixView<Float>, _ keys: MatrixView<Float>, _ values: MatrixView<Float>,
        _ memory: MutableMatrixView<Float>, _ output: MutableMatrixView<Float>
    ) {
        let (tile, origin) = (job.tile, job.origin)
        let queryColumns = origin + tile.queries.lowerBound..<origin + tile.queries.upperBound
        let keyColumns = origin + tile.keys.lowerBound..<origin + tile.keys.upperBound
        let (own, shared) = (rows(job.head), rows(job.head * keyValueHeads / heads))
        let scores = memory[rows: 0..<tile.keys.count, columns: 0..<tile.queries.count]
        gemm(
            1 / Float(headDimension).squareRoot(), keys[rows: shared, columns: keyColumns], .transposed,
            queries[rows: own, columns: queryColumns], .none, 0, scores)
        softmax(scores, tile)
        gemm(
            1, values[rows: shared, columns: keyColumns], .none, scores.reading, .none, 0,
            output[rows: own, columns: queryColumns])
    }

    private func rows(_ head: Int) -> Range<Int> { head * headDimension..<(head + 1) * headDimension }
}
