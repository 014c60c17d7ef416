import AdaDimLinearAlgebra

/// A panel on its way through all columns of a sweep.
///
/// | here | shape | meaning |
/// |---|---|---|
/// | v | [in, in] | V, upper triangle, column j at its own place |
/// | sums | [directions·rows, in] | Σ_{k<j} e_k·V_kj until column j's turn, not yet divided by Vⱼⱼ; its error e_j after |
///
/// The directions lie below each other in `sums`, the panel's errors: they share every product with V.
struct SweepPanel<S: RealScalar>: Sendable {
    let panel: Panel<S>
    let factor: GramFactor<S>
    let v: MatrixView<S>
    /// For each direction.
    let blocks: [PackedBlocks<S>]
    let memory: SweepMemory<S>
    let layer: SolvedLayer<S>

    private var rows: Int { panel.rows }
    private var sums: MutableMatrixView<S> { panel.allErrors }

    /// Sweeps the columns of a node, the earlier columns' errors being in its sums.
    /// - Parameter hasSums: false at the left edge, where no column is earlier and the sums were never written.
    /// - Returns: the loss of each direction; anything if the work was cancelled meanwhile.
    func sweep(_ node: SweepSchedule.Node, hasSums: Bool) -> [DampedLoss] {
        if panel.isCancelled { return panel.results.map { _ in DampedLoss() } }
        switch node {
        case .block(let columns):
            defer { panel.flops?.add(flops(columns.count, columns.count) / 2) }
            return panel.results.indices.map { sweepTiles(of: columns, $0, hasSums: hasSums) }
        case .wideGroup(let group, let node):
            for (index, result) in panel.results.enumerated() where result.layout.dimension == .perOutputChannel {
                setWideGroup(group, columns: node.columns, result, panel.errors(of: index), hasSums: hasSums)
            }
            return sweep(node, hasSums: hasSums)
        case .halves(let first, let second):
            var losses = sweep(first, hasSums: hasSums)
            let (done, next) = (first.columns, second.columns)
            gemm(
                1, sums.reading[rows: 0..<sums.rows, columns: done], .none, v[rows: done, columns: next], .none,
                hasSums ? 1 : 0, sums[rows: 0..<sums.rows, columns: next])
            panel.flops?.add(flops(done.count, next.count))
            for (index, loss) in sweep(second, hasSums: true).enumerated() { losses[index] += loss }
            return losses
        }
    }

    private func flops(_ done: Int, _ next: Int) -> Double { 2 * Double(sums.rows) * Double(done) * Double(next) }

    /// Sweeps one block in one direction, tiles in parallel on this panel's threads; the losses are summed in the order
    /// of the tiles, on whatever threads they ran.
    private func sweepTiles(of columns: Range<Int>, _ index: Int, hasSums: Bool) -> DampedLoss {
        let result = panel.results[index]
        let sums = panel.errors(of: index)
        let block = blocks[index][columns]
        let tileRows = TileRows.count(for: result.layout)
        let count = (rows + tileRows - 1) / tileRows
        let losses = memory.losses
        concurrently(count, workers: layer.tiles.count) { tile in
            let sweep = SweepTile(
                result: result,
                rows: TileRows(tile * tileRows..<min(rows, (tile + 1) * tileRows), of: result.layout), block: block,
                factor: factor, kernels: layer.kernels)
            losses[tile, 0] = layer.tiles.borrow {
                sweep.sweep(weight: panel.weight, sums: sums, hasSums: hasSums, $0)
            }
        }
        return (0..<count).reduce(into: DampedLoss()) { $0 += losses[$1, 0] }
    }

    /// Sets the grid of a per-OC group wider than a block from GPTQ's updated weights of that group when the sweep
    /// reaches its first column j₀: W_g + [Σ_{k<j₀} e_k·F_kg]·F_gg⁻¹, where the diagonal scaling of F cancels: the
    /// bracket is [Σ e_k·V_kg]·V_gg⁻¹.
    private func setWideGroup(
        _ group: Int, columns: Range<Int>, _ result: DirectionResult<S>, _ sums: MutableMatrixView<S>, hasSums: Bool
    ) {
        let room = memory.lendWideGroup()
        let (updated, ranges) = (room.updated.view, room.ranges.view)
        let lanes = TileKernels.lanes
        for start in stride(from: 0, to: rows, by: updated.rows) {
            let run = start..<min(start + updated.rows, rows)
            let height = (run.count + lanes - 1) / lanes * lanes
            let x = updated[rows: 0..<run.count, columns: 0..<columns.count]
            if hasSums {
                x.copy(from: sums.reading[rows: run, columns: columns])
                trsm(.right, .upper, .none, .stored, 1, v[rows: columns, columns: columns], x)
            } else {
                x.fill(with: 0)
            }
            for j in 0..<columns.count {
                let (column, original) = (x.column(j), panel.weight.column(columns.lowerBound + j) + run.lowerBound)
                for i in 0..<run.count { column[i] += original[i] }
                (column + run.count).update(repeating: 0, count: height - run.count)
            }
            let (low, high) = (ranges.column(0), ranges.column(1))
            factor.importance.withView { importance in
                layer.kernels.groupRanges(
                    height: height, stride: updated.leadingDimension, columns: columns.count, weight: x.column(0),
                    importance: importance.column(0) + columns.lowerBound, RangeSearch(result.grid), low: low,
                    high: high)
            }
            for i in run {
                (result.scales[i, group], result.zeros[i, group]) = result.grid.parameters(
                    low: low[i - run.lowerBound], high: high[i - run.lowerBound])
            }
        }
    }
}
