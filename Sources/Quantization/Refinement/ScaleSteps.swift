import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// Changes the scales of per-OC groups, each row's by itself, while codes stay: s ← s·(1 + δ) with δ = q·r/(q·H·qᵀ) over the
/// group's columns.
struct ScaleSteps<S: RealScalar>: PassStep {
    /// A group's values, and their products with H.
    static func elementsPerRow(of shape: StepShape) -> Int { 2 * SweepSchedule.blockWidth }

    /// For each panel at work the columns of H that scattered groups gather.
    static func sharedElements(of shape: StepShape, _ refinement: Refinement) -> Int {
        let groupSize = min(shape.groupSize ?? shape.columns, shape.columns)
        let isScattered =
            shape.dimensions.contains(.perOutputChannel) && refinement.changesScales && !shape.isTwoLevel
            && (shape.isOrdered || groupSize > SweepSchedule.blockWidth)
        return isScattered ? shape.threads * shape.columns * SweepSchedule.blockWidth : 0
    }

    /// What scattered groups' products take is counted as a share of the pass's.
    static func flopsPerRow(columns: Int) -> Double { 0 }

    private let panel: RefinementPanel<S>
    private var rows: Int { panel.rows }
    private var result: DirectionResult<S> { panel.result }

    /// nil where scales stay, per-IC, where a column's codes and scales change together, and on two-level grids, which have
    /// ``TwoLevelSteps``.
    init?(_ panel: RefinementPanel<S>) {
        guard
            panel.refinement.changesScales && panel.result.layout.dimension == .perOutputChannel
                && panel.result.twoLevel == nil
        else { return nil }
        self.panel = panel
    }

    var worksBeforeBlocks: Bool { !panel.memory.scatteredGroups.isEmpty }
    var worksInBlocks: Bool { !worksBeforeBlocks }

    @_specialize(where S == Float)
    @_specialize(where S == Double)
    func changeBeforeBlocks(share: Double) -> Bool {
        var hasChanged = false
        for group in panel.memory.scatteredGroups where rescale(group, share: share) { hasChanged = true }
        return hasChanged
    }

    @_specialize(where S == Float)
    @_specialize(where S == Double)
    func change(_ block: SymmetricBlock<S>, _ residual: MutableMatrixView<S>) -> Bool {
        guard worksInBlocks else { return false }
        var hasChanged = false
        for group in groups(in: block.columns) where rescale(group, in: block, residual) { hasChanged = true }
        return hasChanged
    }

    /// The per-OC groups of a block that holds each of its groups whole.
    private func groups(in columns: Range<Int>) -> [Range<Int>] {
        let size = result.layout.groupSize
        return (columns.lowerBound / size...(columns.upperBound - 1) / size).map { result.layout.range(ofGroup: $0) }
    }

    /// Changes the scales of one per-OC group, each row's independently, with fixed codes: s ← s·(1 + δ) with δ =
    /// q·r/(q·H·qᵀ) over the group's columns. Errors and the block's residual follow.
    /// - Returns: whether anything changed.
    private func rescale(
        _ group: Range<Int>, in block: SymmetricBlock<S>, _ residual: MutableMatrixView<S>
    ) -> Bool {
        let values = panel.memory.values(rows: rows, columns: group.count)
        let products = panel.memory.products(rows: rows, columns: block.columns.count)
        fill(values, inputs: group)
        let inBlock = group.lowerBound - block.columns.lowerBound..<group.upperBound - block.columns.lowerBound
        gemm(
            1, values.reading, .none, block.square[rows: inBlock, columns: 0..<block.columns.count], .none, 0, products)
        let sums = panel.memory.rowSums
        sums.fill(with: 0)
        for (place, j) in inBlock.enumerated() {
            sums.add(values.column(place), residual.column(j), rows: rows, to: 0)
            sums.add(values.column(place), products.column(j), rows: rows, to: 1)
            sums.addSquares(of: values.column(place), times: block.square[j, j], rows: rows, to: 2)
        }
        guard takeSteps(ofGroup: group.lowerBound / result.layout.groupSize, of: group.count) else { return false }
        let steps = panel.memory.steps
        for j in 0..<block.columns.count {
            let (target, product) = (residual.column(j), products.column(j))
            for i in 0..<rows { target[i] -= steps[i] * product[i] }
        }
        for input in group { renewErrors(at: input, input: input) }
        return true
    }

    /// As ``rescale(_:in:_:)`` for a group that no block holds whole, by products of its own.
    /// - Parameter share: of its flops that are counted.
    private func rescale(_ group: ScatteredGroup, share: Double) -> Bool {
        if panel.isCancelled { return false }
        let sums = panel.memory.rowSums
        sums.fill(with: 0)
        let width = SweepSchedule.blockWidth
        let runs = stride(from: 0, to: group.inputs.count, by: width).map { $0..<min($0 + width, group.inputs.count) }
        for run in runs {
            if panel.isCancelled { return false }
            let columns = panel.memory.gather(group.positions[run], of: panel.gram)
            let residual = panel.memory.residual(rows: rows, columns: run.count)
            let products = panel.memory.products(rows: rows, columns: run.count)
            gemm(1, panel.errors.reading, .none, columns, .none, 0, residual)
            for (index, other) in runs.enumerated() {
                let values = panel.memory.values(rows: rows, columns: other.count)
                fill(values, inputs: group.inputs[other])
                let square = panel.memory.gather(rows: group.positions[other], of: columns)
                gemm(1, values.reading, .none, square, .none, index == 0 ? 0 : 1, products)
            }
            let values = panel.memory.values(rows: rows, columns: run.count)
            fill(values, inputs: group.inputs[run])
            for j in 0..<run.count {
                sums.add(values.column(j), residual.column(j), rows: rows, to: 0)
                sums.add(values.column(j), products.column(j), rows: rows, to: 1)
                let position = group.positions[run.lowerBound + j]
                sums.addSquares(of: values.column(j), times: panel.gram[position, position], rows: rows, to: 2)
            }
            panel.flops?.add(share * panel.flops(run.count))
        }
        guard takeSteps(ofGroup: group.index, of: group.inputs.count) else { return false }
        for (position, input) in zip(group.positions, group.inputs) { renewErrors(at: position, input: input) }
        return true
    }

    /// Changes the scales of a group of so many inputs by q·r and q·H·qᵀ of each row; leaves the changes, as shares of the
    /// scales.
    /// - Returns: whether there are any.
    private func takeSteps(ofGroup group: Int, of count: Int) -> Bool {
        let scales = result.scales.column(group)
        let sums = panel.memory.rowSums
        let (slopes, curvatures, squares) = (sums.column(0), sums.column(1), sums.column(2))
        // Of inputs that are nearly dependent the products of a row may cancel to nothing but their rounding, some count·eps of
        // Σqⱼ²Hⱼⱼ; a step by such a curvature goes anywhere.
        let rounding = Double(count) * Double(S.ulpOfOne)
        let steps = panel.memory.steps
        var isChanged = false
        for i in 0..<rows {
            let best = curvatures[i] > rounding * squares[i] ? slopes[i] / curvatures[i] : 0
            let (scale, step) = result.grid.rescaled(scales[i], by: S(best))
            scales[i] = scale
            steps[i] = step
            isChanged = isChanged || step != 0
        }
        return isChanged
    }

    /// The values of Q at some inputs of one group.
    private func fill(_ values: MutableMatrixView<S>, inputs: some Collection<Int>) {
        for (place, input) in inputs.enumerated() {
            let group = input / result.layout.groupSize
            let (codes, target) = (result.codes.column(input), values.column(place))
            let (scales, zeros) = (result.scales.column(group), result.zeros.column(group))
            for i in 0..<rows { target[i] = (S(codes[i]) - zeros[i]) * scales[i] }
        }
    }

    /// E at one input, from its codes.
    private func renewErrors(at position: Int, input: Int) {
        let group = input / result.layout.groupSize
        let (codes, original) = (result.codes.column(input), panel.weight.column(input))
        let error = panel.errors.column(position)
        let (scales, zeros) = (result.scales.column(group), result.zeros.column(group))
        for i in 0..<rows { error[i] = original[i] - (S(codes[i]) - zeros[i]) * scales[i] }
    }
}
