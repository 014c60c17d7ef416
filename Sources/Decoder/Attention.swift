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

    /// One head's queries of one tile: an independent job, whose scores stay in cache between its two products.
    private struct Job {
        let head: Int
        let tile: AttentionTile
        /// The sequence's first column.
        let origin: Int

        var queryColumns: Range<Int> { origin + tile.queries.lowerBound..<origin + tile.queries.upperBound }
        var keyColumns: Range<Int> { origin + tile.keys.lowerBound..<origin + tile.keys.upperBound }
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
        let scores = scores(layout, count: jobs.count)
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

    /// How much of the outputs each token's value makes: the squares of the shares that it gets, summed over heads and
    /// queries. By so much its value's error counts in the outputs' squared error, if errors of different tokens are
    /// unrelated.
    /// - Parameters:
    ///   - queries: [heads·d, tokens].
    ///   - keys: [keyValueHeads·d, tokens].
    /// - Returns: a number for each token.
    package func squaredShares(queries: Matrix<Float>, keys: Matrix<Float>, layout: SequenceLayout) -> [Float] {
        let tiles = tiles(layout)
        let sums = Workspace<Float>(rows: keys.columns, columns: heads)
        sums.view.fill(with: 0)
        let scores = scores(layout, count: heads)
        queries.withView { queries in
            keys.withView { keys in
                // A head alone is summed in one order, for any number of threads.
                concurrentlyCallingBLAS(heads, workers: scores.count) { head in
                    scores.borrow { memory in
                        for (tile, origin) in tiles {
                            let shares = shares(Job(head: head, tile: tile, origin: origin), queries, keys, memory.view)
                            let target = sums.view.column(head) + origin + tile.keys.lowerBound
                            for j in 0..<shares.columns {
                                let column = shares.column(j)
                                for i in 0..<shares.rows { target[i] += column[i] * column[i] }
                            }
                        }
                    }
                }
            }
        }
        return (0..<keys.columns).map { token in (0..<heads).reduce(0) { $0 + sums.view[token, $1] } }
    }

    /// The jobs, those with the most keys first, so that no long one is left for the end.
    private func jobs(_ layout: SequenceLayout) -> [Job] {
        tiles(layout).sorted { $0.tile.keys.count > $1.tile.keys.count }.flatMap { tile, origin in
            (0..<heads).map { Job(head: $0, tile: tile, origin: origin) }
        }
    }

    /// The tiles of all sequences, and each one's sequence's first column.
    private func tiles(_ layout: SequenceLayout) -> [(tile: AttentionTile, origin: Int)] {
        layout.ranges.flatMap { sequence in
            stride(from: 0, to: sequence.count, by: Self.tileLength).map { start in
                let queries = start..<min(start + Self.tileLength, sequence.count)
                return (tile: AttentionTile(queries: queries, window: window), origin: sequence.lowerBound)
            }
        }
    }

    /// Room for the scores of as many jobs as run side by side.
    private func scores(_ layout: SequenceLayout, count: Int) -> WorkspacePool<Workspace<Float>> {
        let reach = min(layout.longest, (window ?? layout.longest) + Self.tileLength)
        return WorkspacePool(count: min(count, BLASLibrary.threadCount)) {
            Workspace<Float>(rows: reach, columns: min(Self.tileLength, layout.longest))
        }
    }

    private func attend(
        _ job: Job, _ queries: MatrixView<Float>, _ keys: MatrixView<Float>, _ values: MatrixView<Float>,
        _ memory: MutableMatrixView<Float>, _ output: MutableMatrixView<Float>
    ) {
        let shares = shares(job, queries, keys, memory)
        gemm(
            1, values[rows: sharedRows(job.head), columns: job.keyColumns], .none, shares, .none, 0,
            output[rows: rows(job.head), columns: job.queryColumns])
    }

    /// softmax(Kᵀ·Q / √d) of a job, [keys, queries].
    private func shares(
        _ job: Job, _ queries: MatrixView<Float>, _ keys: MatrixView<Float>, _ memory: MutableMatrixView<Float>
    ) -> MatrixView<Float> {
        let scores = memory[rows: 0..<job.tile.keys.count, columns: 0..<job.tile.queries.count]
        gemm(
            1 / Float(headDimension).squareRoot(), keys[rows: sharedRows(job.head), columns: job.keyColumns],
            .transposed,
            queries[rows: rows(job.head), columns: job.queryColumns], .none, 0, scores)
        softmax(scores, job.tile)
        return scores.reading
    }

    /// Of the keys and values that a query head reads.
    private func sharedRows(_ head: Int) -> Range<Int> { rows(head * keyValueHeads / heads) }

    private func rows(_ head: Int) -> Range<Int> { head * headDimension..<(head + 1) * headDimension }
}
