import AdaDimLinearAlgebra

/// A run of a weight's rows on its way through all columns. Rows know nothing of each other but for the groups they
/// share, so panels are independent jobs.
///
/// | here | shape | meaning |
/// |---|---|---|
/// | v | [in, in] | V, upper triangle, column j at its own place |
/// | sums | [directions·rows, in] | Σ_{k<j} e_k·V_kj until column j's turn, not yet divided by Vⱼⱼ; its error e_j after |
///
/// The directions lie below each other in `sums`: they share every product with V.
struct SweepPanel<S: RealScalar>: Sendable {
    let weight: MatrixView<S>
    let factor: GramFactor<S>
    let v: MatrixView<S>
    let directions: [SweepDirection<S>]
    /// For each direction.
    let blocks: [PackedBlocks<S>]
    let memory: PanelMemory<S>
    let kernels: TileKernels
    let tiles: WorkspacePool<TileMemory<S>>
    let work: Work?

    private var rows: Int { weight.rows }
    private var sums: MutableMatrixView<S> { memory.sums(rows: directions.count * rows) }

    /// Sweeps the columns of a node, the earlier columns' errors being in its sums.
    /// - Parameter hasSums: false at the left edge, where no column is earlier and the sums were never written.
    /// - Returns: the loss of each direction; anything if the work was cancelled meanwhile.
    func sweep(_ node: SweepSchedule.Node, hasSums: Bool) -> [SweepLoss] {
        if work?.isCancelled ?? false { return directions.map { _ in SweepLoss() } }
        switch node {
        case .block(let columns):
            defer { work?.add(flops(columns.count, columns.count) / 2) }
            return directions.indices.map { sweepTiles(of: columns, $0, hasSums: hasSums) }
        case .wideGroup(let group, let node):
            for (index, direction) in directions.enumerated()
            where direction.layout.dimension == .perOutputChannel {
                setWideGroup(group, columns: node.columns, direction, sums(of: index), hasSums: hasSums)
            }
            return sweep(node, hasSums: hasSums)
        case .halves(let first, let second):
            var losses = sweep(first, hasSums: hasSums)
            let (done, next) = (first.columns, second.columns)
            gemm(
                1, sums.reading[rows: 0..<sums.rows, columns: done], .none, v[rows: done, columns: next], .none,
                hasSums ? 1 : 0, sums[rows: 0..<sums.rows, columns: next])
            work?.add(flops(done.count, next.count))
            for (index, loss) in sweep(second, hasSums: true).enumerated() { losses[index] += loss }
            return losses
        }
    }

    private func flops(_ done: Int, _ next: Int) -> Double { 2 * Double(sums.rows) * Double(done) * Double(next) }

    /// [rows, in] of one direction.
    func sums(of direction: Int) -> MutableMatrixView<S> {
        sums[rows: direction * rows..<(direction + 1) * rows, columns: 0..<sums.columns]
    }

    /// Sweeps one block in one direction, tiles side by side on the threads that this panel has; the losses are summed
    /// in the order of the tiles whatever thread ran them.
    private func sweepTiles(of columns: Range<Int>, _ index: Int, hasSums: Bool) -> SweepLoss {
        let direction = directions[index]
        let sums = sums(of: index)
        let block = blocks[index][columns]
        let tileRows = TileRows.count(for: direction.layout)
        let count = (rows + tileRows - 1) / tileRows
        let losses = memory.losses
        concurrently(count, workers: tiles.count) { tile in
            let sweep = SweepTile(
                direction: direction,
                rows: TileRows(tile * tileRows..<min(rows, (tile + 1) * tileRows), of: direction.layout), block: block,
                factor: factor, kernels: kernels)
            losses[tile, 0] = tiles.borrow { sweep.sweep(weight: weight, sums: sums, hasSums: hasSums, $0) }
        }
        return (0..<count).reduce(into: SweepLoss()) { $0 += losses[$1, 0] }
    }

    /// Sets the grid of a per-OC group wider than a block from GPTQ's updated weights of that group when the sweep
    /// reaches its first column j₀: W_g + [Σ_{k<j₀} e_k·F_kg]·F_gg⁻¹, where the diagonal scaling of F cancels: the
    /// bracket is [Σ e_k·V_kg]·V_gg⁻¹.
    private func setWideGroup(
        _ group: Int, columns: Range<Int>, _ direction: SweepDirection<S>, _ sums: MutableMatrixView<S>, hasSums: Bool
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
                let (column, original) = (x.column(j), weight.column(columns.lowerBound + j) + run.lowerBound)
                for i in 0..<run.count { column[i] += original[i] }
                (column + run.count).update(repeating: 0, count: height - run.count)
            }
            let (low, high) = (ranges.column(0), ranges.column(1))
            factor.importance.withView { importance in
                kernels.groupRanges(
                    height: height, stride: updated.leadingDimension, columns: columns.count, weight: x.column(0),
                    importance: importance.column(0) + columns.lowerBound, RangeSearch(direction.grid), low: low,
                    high: high)
            }
            for i in run {
                (direction.scales[i, group], direction.zeros[i, group]) = direction.grid.parameters(
                    low: low[i - run.lowerBound], high: high[i - run.lowerBound])
            }
        }
    }
}
