import AdaDimLinearAlgebra

/// Passes over a panel of a swept weight's rows. What a column of Q loses beside the others is a parabola in each of its
/// elements: with E = W − Q, R = E·H and all else fixed, L falls fastest to qⱼ + rⱼ/Hⱼⱼ. A pass goes through the columns
/// in blocks: one product gives R on a block, and inside it every change is carried on to the columns behind.
///
/// | here | shape | meaning |
/// |---|---|---|
/// | errors | [rows, in] | E, in the factor's order of columns |
/// | residual | [rows, block] | R on the block's columns |
struct RefinementPanel<S: RealScalar>: Sendable {
    /// [rows, in], in the weight's own order of columns.
    let weight: MatrixView<S>
    let factor: GramFactor<S>
    let gram: StoredGram<S>
    let blocks: [SymmetricBlock<S>]
    let direction: SweepDirection<S>
    let refinement: Refinement
    let errors: MutableMatrixView<S>
    let memory: RefinementMemory<S>
    let kernels: TileKernels
    let tiles: WorkspacePool<TileMemory<S>>
    let work: Work?

    private var rows: Int { weight.rows }
    private var isPerOutputChannel: Bool { direction.layout.dimension == .perOutputChannel }

    /// Runs the passes; one that changes nothing is the last. Tells the work of all passes, whatever it takes.
    /// - Returns: how many there were.
    func refine() -> Int {
        for number in 1...refinement.passes where !(work?.isCancelled ?? false) {
            if pass() || work?.isCancelled ?? false { continue }
            work?.add(Double(refinement.passes - number) * flops(errors.columns))
            return number
        }
        return refinement.passes
    }

    /// Of E times so many columns of H.
    private func flops(_ columns: Int) -> Double { 2 * Double(rows) * Double(errors.columns) * Double(columns) }

    /// - Returns: whether anything changed.
    private func pass() -> Bool {
        var hasChanged = false
        // Groups that no block holds whole.
        let scattered = refinement.changesScales ? memory.scatteredGroups : []
        let changesTiles = !isPerOutputChannel || refinement.changesCodes
        // Where both scattered groups and blocks take a product with H, each tells half of it.
        let share = !scattered.isEmpty && changesTiles ? 0.5 : 1
        for group in scattered where rescale(group, share: share) { hasChanged = true }
        guard scattered.isEmpty || changesTiles else { return hasChanged }
        for block in blocks {
            if work?.isCancelled ?? false { return hasChanged }
            let residual = memory.residual(rows: rows, columns: block.columns.count)
            gram.multiply(errors.reading, columns: block.columns, square: block.square, into: residual)
            if isPerOutputChannel && refinement.changesScales && scattered.isEmpty {
                for group in groups(in: block.columns) where rescale(group, in: block, residual) { hasChanged = true }
            }
            if changesTiles && changeTiles(of: block, residual) { hasChanged = true }
            work?.add(share * flops(block.columns.count))
        }
        return hasChanged
    }

    /// The per-OC groups of a block that holds each of its groups whole.
    private func groups(in columns: Range<Int>) -> [Range<Int>] {
        let size = direction.layout.groupSize
        return (columns.lowerBound / size...(columns.upperBound - 1) / size).map { direction.layout.range(ofGroup: $0) }
    }

    /// Changes the scales of one per-OC group, a row's each by itself, codes frozen: s ← s·(1 + δ) with
    /// δ = q·r/(q·H·qᵀ) over the group's columns. Errors and the block's residual follow.
    /// - Returns: whether anything changed.
    private func rescale(
        _ group: Range<Int>, in block: SymmetricBlock<S>, _ residual: MutableMatrixView<S>
    ) -> Bool {
        let values = memory.values(rows: rows, columns: group.count)
        let products = memory.products(rows: rows, columns: block.columns.count)
        fill(values, inputs: group)
        let inBlock = group.lowerBound - block.columns.lowerBound..<group.upperBound - block.columns.lowerBound
        gemm(
            1, values.reading, .none, block.square[rows: inBlock, columns: 0..<block.columns.count], .none, 0, products)
        let sums = memory.rowSums
        sums.fill(with: 0)
        for (place, j) in inBlock.enumerated() {
            sums.add(values.column(place), residual.column(j), rows: rows, to: 0)
            sums.add(values.column(place), products.column(j), rows: rows, to: 1)
            sums.addSquares(of: values.column(place), times: block.square[j, j], rows: rows, to: 2)
        }
        guard takeSteps(ofGroup: group.lowerBound / direction.layout.groupSize, of: group.count) else { return false }
        for j in 0..<block.columns.count {
            let (target, product) = (residual.column(j), products.column(j))
            for i in 0..<rows { target[i] -= memory.steps[i] * product[i] }
        }
        for input in group { renewErrors(at: input, input: input) }
        return true
    }

    /// As ``rescale(_:in:_:)`` for a group that no block holds whole, by products of its own.
    /// - Parameter share: of the work that is told.
    private func rescale(_ group: ScatteredGroup, share: Double) -> Bool {
        if work?.isCancelled ?? false { return false }
        let sums = memory.rowSums
        sums.fill(with: 0)
        let width = SweepSchedule.blockWidth
        let runs = stride(from: 0, to: group.inputs.count, by: width).map { $0..<min($0 + width, group.inputs.count) }
        for run in runs {
            if work?.isCancelled ?? false { return false }
            let columns = memory.gather(group.positions[run], of: gram)
            let residual = memory.residual(rows: rows, columns: run.count)
            let products = memory.products(rows: rows, columns: run.count)
            gemm(1, errors.reading, .none, columns, .none, 0, residual)
            for (index, other) in runs.enumerated() {
                let values = memory.values(rows: rows, columns: other.count)
                fill(values, inputs: group.inputs[other])
                let square = memory.gather(rows: group.positions[other], of: columns)
                gemm(1, values.reading, .none, square, .none, index == 0 ? 0 : 1, products)
            }
            let values = memory.values(rows: rows, columns: run.count)
            fill(values, inputs: group.inputs[run])
            for j in 0..<run.count {
                sums.add(values.column(j), residual.column(j), rows: rows, to: 0)
                sums.add(values.column(j), products.column(j), rows: rows, to: 1)
                let position = group.positions[run.lowerBound + j]
                sums.addSquares(of: values.column(j), times: gram[position, position], rows: rows, to: 2)
            }
            work?.add(share * flops(run.count))
        }
        guard takeSteps(ofGroup: group.index, of: group.inputs.count) else { return false }
        for (position, input) in zip(group.positions, group.inputs) { renewErrors(at: position, input: input) }
        return true
    }

    /// Changes the scales of a group of so many inputs by q·r and q·H·qᵀ of each row; leaves the changes, as shares of the
    /// scales.
    /// - Returns: whether there are any.
    private func takeSteps(ofGroup group: Int, of count: Int) -> Bool {
        let scales = direction.scales.column(group)
        let sums = memory.rowSums
        let (slopes, curvatures, squares) = (sums.column(0), sums.column(1), sums.column(2))
        // Of inputs that are nearly dependent the products of a row may cancel to nothing but their rounding, some count·eps of
        // Σqⱼ²Hⱼⱼ; a step by such a curvature goes anywhere.
        let rounding = Double(count) * Double(S.ulpOfOne)
        var isChanged = false
        for i in 0..<rows {
            let best = curvatures[i] > rounding * squares[i] ? slopes[i] / curvatures[i] : 0
            let (scale, step) = direction.grid.rescaled(scales[i], by: S(best))
            scales[i] = scale
            memory.steps[i] = step
            isChanged = isChanged || step != 0
        }
        return isChanged
    }

    /// The values of Q at some inputs of one group.
    private func fill(_ values: MutableMatrixView<S>, inputs: some Collection<Int>) {
        for (place, input) in inputs.enumerated() {
            let group = input / direction.layout.groupSize
            let (codes, target) = (direction.codes.column(input), values.column(place))
            let (scales, zeros) = (direction.scales.column(group), direction.zeros.column(group))
            for i in 0..<rows { target[i] = (S(codes[i]) - zeros[i]) * scales[i] }
        }
    }

    /// E at one input, from its codes.
    private func renewErrors(at position: Int, input: Int) {
        let group = input / direction.layout.groupSize
        let (codes, original, error) = (direction.codes.column(input), weight.column(input), errors.column(position))
        let (scales, zeros) = (direction.scales.column(group), direction.zeros.column(group))
        for i in 0..<rows { error[i] = original[i] - (S(codes[i]) - zeros[i]) * scales[i] }
    }

    /// Goes through a block's columns one by one, tiles of rows side by side.
    /// - Returns: whether anything changed.
    private func changeTiles(of block: SymmetricBlock<S>, _ residual: MutableMatrixView<S>) -> Bool {
        let height = TileRows.count(for: direction.layout)
        let count = (rows + height - 1) / height
        let changes = memory.changes
        concurrently(count, workers: tiles.count) { tile in
            let change = RefinementTile(
                rows: TileRows(tile * height..<min(rows, (tile + 1) * height), of: direction.layout), block: block,
                factor: factor, direction: direction, refinement: refinement, kernels: kernels)
            changes[tile, 0] = tiles.borrow {
                change.change(weight: weight, errors: errors, residual: residual.reading, $0)
            }
        }
        return (0..<count).contains { changes[$0, 0] }
    }
}
