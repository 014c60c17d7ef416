import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// Passes over a panel of a swept weight's rows, in one direction. With all other columns fixed, the loss is a parabola
/// in each element of a column of Q: with E = W − Q, R = E·H and all else fixed, L falls fastest to qⱼ + rⱼ/Hⱼⱼ. A pass
/// goes through the columns in blocks: one product gives R on a block, and the steps of the pass change the block's
/// columns by it.
///
/// | here | shape | meaning |
/// |---|---|---|
/// | errors | [rows, in] | E, in the factor's order of columns |
/// | residual | [rows, block] | R on the block's columns |
struct RefinementPanel<S: RealScalar>: Sendable {
    /// [rows, in], in the weight's own order of columns.
    let weight: MatrixView<S>
    let factor: GramFactor<S>
    let gram: DampedGram<S>
    let result: DirectionResult<S>
    let refinement: Refinement
    let errors: MutableMatrixView<S>
    let memory: RefinementMemory<S>
    let kernels: TileKernels
    let tiles: WorkspacePool<TileMemory<S>>
    let flops: FlopCounter?

    init(
        _ panel: Panel<S>, _ direction: Int, _ gram: DampedGram<S>, _ refinement: Refinement, _ layer: SolvedLayer<S>,
        _ memory: RefinementMemory<S>
    ) {
        weight = panel.weight
        factor = layer.factor
        self.gram = gram
        result = panel.results[direction]
        self.refinement = refinement
        errors = panel.errors(of: direction)
        self.memory = memory
        kernels = layer.kernels
        tiles = layer.tiles
        flops = panel.flops
    }

    var rows: Int { weight.rows }
    var isCancelled: Bool { flops?.isCancelled ?? false }

    /// Flops of a product of E with so many columns of H.
    func flops(_ columns: Int) -> Double { 2 * Double(rows) * Double(errors.columns) * Double(columns) }

    /// Runs the passes; one that changes nothing is the last. Counts the flops of all passes, even if fewer were made.
    /// - Returns: how many there were.
    func refine(_ blocks: [SymmetricBlock<S>]) -> Int {
        let steps = PassSteps.all(of: self)
        for number in 1...refinement.passes where !isCancelled {
            if pass(steps, blocks) || isCancelled { continue }
            flops?.add(Double(refinement.passes - number) * flops(errors.columns))
            return number
        }
        return refinement.passes
    }

    /// - Returns: whether anything changed.
    private func pass(_ steps: [any PassStep<S>], _ blocks: [SymmetricBlock<S>]) -> Bool {
        var hasChanged = false
        let worksInBlocks = steps.contains { $0.worksInBlocks }
        // Where there is a product with H both before the blocks and in them, each counts half of it.
        let share = worksInBlocks && steps.contains { $0.worksBeforeBlocks } ? 0.5 : 1
        for step in steps where step.changeBeforeBlocks(share: share) { hasChanged = true }
        guard worksInBlocks else { return hasChanged }
        for block in blocks {
            if isCancelled { return hasChanged }
            let residual = memory.residual(rows: rows, columns: block.columns.count)
            gram.multiply(errors.reading, columns: block.columns, square: block.square, into: residual)
            for step in steps where step.change(block, residual) { hasChanged = true }
            flops?.add(share * flops(block.columns.count))
        }
        return hasChanged
    }
}
