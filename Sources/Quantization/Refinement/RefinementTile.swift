import AdaDimLinearAlgebra

/// A run of rows through one block of columns, on its own copy, which stays in cache: each column's codes, and per-IC
/// its grids, take their best values while all other columns stay.
///
/// | here | shape | meaning |
/// |---|---|---|
/// | e | [height, width] | W − Q |
/// | r | [height, width] | R = E·H at the beginning of the block, then rⱼ/Hⱼⱼ at column j's turn |
/// | d | [height, width] | how much Q has changed since |
struct RefinementTile<S: RealScalar> {
    let rows: TileRows
    let block: SymmetricBlock<S>
    let factor: GramFactor<S>
    let result: DirectionResult<S>
    let refinement: Refinement
    let kernels: TileKernels

    private var height: Int { rows.height }

    /// - Parameters:
    ///   - weight: W of the panel, [rows, in], in the weight's own order of columns.
    ///   - errors: E of the panel, [rows, in], in the factor's order.
    ///   - residual: R of the panel on the block's columns.
    /// - Returns: whether anything changed.
    func change(
        weight: MatrixView<S>, errors: MutableMatrixView<S>, residual: MatrixView<S>, _ memory: TileMemory<S>
    ) -> Bool {
        let (e, r, d) = (memory.e, memory.s, memory.x)
        for j in 0..<block.columns.count {
            rows.copyIn(errors.column(block.columns.lowerBound + j), to: e.column(j))
            rows.copyIn(residual.column(j), to: r.column(j))
        }
        var hasChanged = false
        for (index, strip) in block.strips.enumerated() {
            let first = strip.lowerBound
            // A tall tile, of a long per-IC group, has rows enough for all threads.
            concurrently(height, by: 512) { run in
                kernels.multiplyAdd(
                    height: run.count, stride: d.leadingDimension, depth: first, d.column(0) + run.lowerBound,
                    block.row(0, ofStrip: index), sign: -1, into: r.column(first) + run.lowerBound)
            }
            for j in strip {
                kernels.solveColumn(
                    height: height, stride: r.leadingDimension, depth: j - first, solved: d.column(first),
                    coefficients: block.row(first, ofStrip: index) + (j - first), reciprocal: block.reciprocals[j],
                    sums: r.column(j))
                let position = block.columns.lowerBound + j
                let isChanged = change(
                    factor.positions?[position, 0] ?? position, weight, error: e.column(j), step: r.column(j),
                    change: d.column(j), memory)
                hasChanged = hasChanged || isChanged
            }
        }
        for j in 0..<block.columns.count {
            rows.copyOut(e.column(j), to: errors.column(block.columns.lowerBound + j))
        }
        return hasChanged
    }

    /// Changes one column towards its target q + step.
    /// - Parameters:
    ///   - error: W − Q, before and after.
    ///   - step: r/Hⱼⱼ; becomes the target.
    ///   - change: receives the change of Q.
    /// - Returns: whether it has.
    private func change(
        _ input: Int, _ weight: MatrixView<S>, error: UnsafeMutablePointer<S>, step: UnsafeMutablePointer<S>,
        change: UnsafeMutablePointer<S>, _ memory: TileMemory<S>
    ) -> Bool {
        let w = memory.weight
        rows.copyIn(weight.column(input), to: w)
        for i in stride(from: 0, to: height, by: 8) {
            let old = load8(error + i)
            store8(old, change + i)
            store8(load8(w + i) - old + load8(step + i), step + i)
        }
        if result.layout.dimension == .perOutputChannel {
            recode(input, w, target: step, error: error, memory)
        } else {
            regrid(input, w, old: change, target: step, error: error, memory)
        }
        var isChanged = SIMDMask<SIMD8<S>.MaskStorage>(repeating: false)
        for i in stride(from: 0, to: height, by: 8) {
            let difference = load8(change + i) - load8(error + i)
            store8(difference, change + i)
            isChanged .|= difference .!= .zero
        }
        rows.copyOut(memory.codes, to: result.codes.column(input))
        return any(isChanged)
    }

    /// Per-OC: new codes on the grids that the rows have.
    private func recode(
        _ input: Int, _ w: UnsafePointer<S>, target: UnsafePointer<S>, error: UnsafeMutablePointer<S>,
        _ memory: TileMemory<S>
    ) {
        error.update(from: w, count: height)
        _ = kernels.quantizeColumn(
            height: height, updated: target, result.columnGrid(ofInput: input, rows, memory), weight: error,
            codes: memory.codes)
    }

    /// Per-IC: a column's groups are independent, so each takes the grid with the smallest error: its present one, its
    /// present one with the best scale for its codes, or a new one from the target.
    private func regrid(
        _ input: Int, _ w: UnsafePointer<S>, old: UnsafePointer<S>, target: UnsafePointer<S>,
        error: UnsafeMutablePointer<S>, _ memory: TileMemory<S>
    ) {
        for index in 0..<rows.segments {
            let start = index * rows.segmentHeight
            let group = rows.rows.lowerBound / result.layout.groupSize + index
            let segment = RefinedSegment(
                height: rows.segmentHeight, w: w + start, old: old + start, target: target + start,
                error: error + start, codes: memory.codes + start, grid: result.grid, kernels: kernels)
            (result.scales[group, input], result.zeros[group, input]) = segment.change(
                (result.scales[group, input], result.zeros[group, input]), refinement, scratch: memory.scratch)
        }
    }
}
