import AdaDimLinearAlgebra

/// One job of the blocked sweep: a run of rows through one block of columns, on its own copy, which stays in cache.
///
/// | here | shape | meaning |
/// |---|---|---|
/// | e | [height, width] | W before a column's turn, its error W − Q after |
/// | s | [height, width] | Σ e_k·V_kj over the columns before the block, then over more, then w′ |
/// | x | [height, width] | the group's update so far, for setting a per-OC group's grid |
struct SweepTile<S: RealScalar> {
    let result: DirectionResult<S>
    let rows: TileRows
    let block: PackedBlock<S>
    let factor: GramFactor<S>
    let kernels: TileKernels

    private var height: Int { rows.height }
    private var columns: Range<Int> { block.columns }

    /// Sweeps the tile; returns Σ Vⱼⱼ²·‖w′ⱼ − Qⱼ‖² and Σ ridgeⱼ·‖eⱼ‖².
    /// - Parameters:
    ///   - weight: W of the panel, [rows, in], in the weight's own order of columns.
    ///   - sums: of the direction, [rows, in] in the factor's order: Σ over the columns before the block where a
    ///     column's turn has not come, errors where it has. The block's columns become errors.
    ///   - hasSums: false before the first block, whose sums were never written.
    func sweep(
        weight: MatrixView<S>, sums: MutableMatrixView<S>, hasSums: Bool, _ memory: TileMemory<S>
    ) -> DampedLoss {
        let (e, s) = (memory.e, memory.s)
        for j in 0..<columns.count {
            rows.copyIn(weight.column(input(j)), to: e.column(j))
            if hasSums {
                rows.copyIn(sums.column(columns.lowerBound + j), to: s.column(j))
            } else {
                s.column(j).update(repeating: 0, count: height)
            }
        }
        var loss = DampedLoss()
        for group in block.groups {
            if result.findsGrids { setGrid(of: group, e: e, s: s, hasSums: hasSums, memory) }
            for strip in group.strips {
                // The sums over the columns before the group are in place if its grid was set from them.
                accumulate(strip, from: result.findsGrids ? group.columns.lowerBound : 0, of: e, into: s, sign: 1)
                for j in strip.columns { sweepColumn(j, of: strip, e: e, s: s, memory, &loss) }
            }
        }
        for j in 0..<columns.count {
            rows.copyOut(e.column(j), to: sums.column(columns.lowerBound + j))
        }
        return loss
    }

    /// Sets a per-OC group's grids from its updated weights W_g + [Σ_{k<j₀} e_k·V_kg]·V_gg⁻¹, and leaves in s the sums
    /// over all columns before the group.
    private func setGrid(
        of group: PackedBlock<S>.Group, e: MutableMatrixView<S>, s: MutableMatrixView<S>, hasSums: Bool,
        _ memory: TileMemory<S>
    ) {
        let start = group.columns.lowerBound
        let x = memory.x
        let isUpdated = hasSums || start > 0
        if isUpdated {
            for strip in group.strips {
                accumulate(strip, from: 0, to: start, of: e, into: s, sign: 1)
                for j in strip.columns { x.column(j).update(from: s.column(j), count: height) }
                accumulate(strip, from: start, of: x, into: x, sign: -1)
                let first = strip.columns.lowerBound
                for j in strip.columns {
                    kernels.solveColumn(
                        height: height, stride: x.leadingDimension, depth: j - first, solved: x.column(first),
                        coefficients: block.row(first, of: strip) + (j - first),
                        reciprocal: block.reciprocals[j], sums: x.column(j))
                }
            }
        }
        let (low, high, scale, zero) = (memory.low, memory.high, memory.scale, memory.zero)
        factor.importance.withView { importance in
            kernels.groupRanges(
                height: height, stride: e.leadingDimension, columns: group.columns.count, weight: e.column(start),
                update: isUpdated ? UnsafePointer(x.column(start)) : nil,
                importance: importance.column(0) + columns.lowerBound + start, RangeSearch(result.grid), low: low,
                high: high)
        }
        for i in 0..<height { (scale[i], zero[i]) = result.grid.parameters(low: low[i], high: high[i]) }
        let index = (columns.lowerBound + start) / result.layout.groupSize
        rows.copyOut(scale, to: result.scales.column(index))
        rows.copyOut(zero, to: result.zeros.column(index))
    }

    /// target_j ← target_j ± Σ_k source_k·V_kj for the columns j of a strip, over the block's columns k from `start` to
    /// the strip's first or to `end`.
    @inline(__always)
    private func accumulate(
        _ strip: PackedBlock<S>.Strip, from start: Int, to end: Int? = nil, of source: MutableMatrixView<S>,
        into target: MutableMatrixView<S>, sign: S
    ) {
        let first = strip.columns.lowerBound
        let depth = (end ?? first) - start
        guard depth > 0 else { return }
        // A tall tile, of a long per-IC group, has rows enough for all threads.
        concurrently(height, by: 512) { run in
            kernels.multiplyAdd(
                height: run.count, stride: source.leadingDimension, depth: depth,
                source.column(start) + run.lowerBound, block.row(start, of: strip), sign: sign,
                into: target.column(first) + run.lowerBound)
        }
    }

    /// Quantizes column j of the block: w′ = W + (s + Σ e_k·V_kj)/Vⱼⱼ over the strip's earlier columns.
    @inline(__always)
    private func sweepColumn(
        _ j: Int, of strip: PackedBlock<S>.Strip, e: MutableMatrixView<S>, s: MutableMatrixView<S>,
        _ memory: TileMemory<S>, _ loss: inout DampedLoss
    ) {
        let first = strip.columns.lowerBound
        let position = columns.lowerBound + j
        let input = input(j)
        let (updated, weight, codes) = (s.column(j), e.column(j), memory.codes)
        kernels.updateColumn(
            height: height, stride: e.leadingDimension, depth: j - first, errors: e.column(first),
            coefficients: block.row(first, of: strip) + (j - first), reciprocal: block.reciprocals[j], weight: weight,
            sums: updated)
        let (scale, zero) = (memory.scale, memory.zero)
        let largest = S(result.grid.largestCode)
        var missed = 0.0
        var left = 0.0
        switch result.layout.dimension {
        case .perOutputChannel:
            let grid =
                result.findsGrids
                ? .init(scales: scale, zeros: zero, step: 1, largestCode: largest)
                : result.columnGrid(ofInput: input, rows, memory)
            (missed, left) = kernels.quantizeColumn(
                height: height, updated: updated, grid, weight: weight, codes: codes)
        case .perInputChannel:
            let search = RangeSearch(result.grid)
            let segmentHeight = rows.segmentHeight
            for index in 0..<rows.segments {
                let start = index * segmentHeight
                let (low, high) = kernels.groupRange(height: segmentHeight, updated + start, search)
                let (scale, zero) = result.grid.parameters(low: low, high: high)
                let group = rows.rows.lowerBound / result.layout.groupSize + index
                (result.scales[group, input], result.zeros[group, input]) = (scale, zero)
                let squares = kernels.quantizeGroup(
                    height: segmentHeight, updated: updated + start, scale: scale, zero: zero, largestCode: largest,
                    weight: weight + start, codes: codes + start)
                missed += squares.missed
                left += squares.left
            }
        }
        rows.copyOut(codes, to: result.codes.column(input))
        let pivot = Double(block.pivots[j])
        loss.damped += pivot * pivot * missed
        loss.ridge += Double(factor.ridge[position, 0]) * left
    }

    /// The input at column j of the block.
    @inline(__always)
    private func input(_ j: Int) -> Int {
        factor.positions?[columns.lowerBound + j, 0] ?? (columns.lowerBound + j)
    }
}
