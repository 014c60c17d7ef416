import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// What the steps leave of a weight in one direction.
package struct SolvedWeight: Sendable {
    package let quantized: QuantizedMatrix
    /// tr((W−Q)(H+λI)(W−Q)ᵀ) of the Q that the sweep left, before any step refined it.
    package let dampedLoss: Double
    /// What each step left, in order; the first one is the sweep.
    package let steps: [SolvedStep]

    /// L of what the sweep left.
    package var loss: Double { steps[0].loss }
    /// L after the steps that refine; nil where there are none.
    package var refinedLoss: Double? { steps.count > 1 ? steps.last?.loss : nil }
    /// How many passes refining it took.
    package var passes: Int { steps.map(\.passes).max() ?? 0 }
}

/// What one step left of a weight in one direction.
package struct SolvedStep: Sendable {
    package let name: String
    /// L = tr((W−Q)·H·(W−Q)ᵀ).
    package let loss: Double
    /// How many passes it took; 0 for a step without passes.
    package let passes: Int
}

/// Quantizes a weight by steps: sweeps it, then refines it. Panels of rows are independent jobs, and each goes through all steps
/// before the next begins.
///
/// - Parameters:
///   - weight: W [out, in].
///   - layouts: the directions to work in, side by side: they share the products' reading of the factor.
///   - steps: what is done, in order; the first one is the sweep.
///   - flops: counts what is done.
///   - threads: how many panels, or tiles of one, run at the same time, at most, whatever count is set meanwhile.
///   - panelBudget: bytes of working memory of one panel, at most.
/// - Returns: one result for each layout.
/// - Throws: ``QuantizationError/scaleOverflow(scaleType:row:column:)``, ``QuantizationError/lossNotFinite``,
///   ``QuantizationError/outOfMemory(_:)``, ``QuantizationError/cancelled``.
@_specialize(where S == Float)
@_specialize(where S == Double)
package func solve<S: RealScalar>(
    _ weight: Matrix<S>, _ factor: GramFactor<S>, _ grid: UniformGrid, _ layouts: [GroupLayout],
    refinement: Refinement = Refinement(), kernels: TileKernels = .best, flops: FlopCounter? = nil,
    threads: Int = BLASLibrary.threadCount, panelBudget: Int = RowPanels.memoryBudget
) throws(QuantizationError) -> [SolvedWeight] {
    let steps = layerSteps(refinement)
    let isTwoLevel = grid.twoLevel != nil
    let shape = StepShape(factor, layouts, isTwoLevel: isTwoLevel, threads: threads)
    let layer = try SolvedLayer(
        rows: weight.rows, factor, layouts, kernels, isTwoLevel: isTwoLevel,
        bytesPerRow: steps.reduce(0) { $0 + $1.elementsPerRow(of: shape) } * MemoryLayout<S>.stride, threads: threads,
        panelBudget: panelBudget)
    let results = try layouts.map { (layout) throws(QuantizationError) in
        try SolverResult(grid, layout, of: weight, factor, kernels, steps: steps, panels: layer.panels)
    }
    let prepared = try steps.map { (step) throws(QuantizationError) in try step.prepared(for: layer) }
    let errors = try WorkspacePool(count: layer.panels.atOnce) { () throws(QuantizationError) in
        try Workspace<S>(layouts.count * layer.tallest, by: factor.inputs)
    }
    weight.withView { weight in
        layer.panels.run { index, rows in
            errors.borrow { errors in
                let panel = Panel(
                    weight: weight[rows: rows, columns: 0..<weight.columns],
                    results: results.map { $0.whole[rows: rows] },
                    allErrors: errors.view[rows: 0..<layouts.count * rows.count, columns: 0..<factor.inputs],
                    flops: flops)
                for (step, runner) in prepared.enumerated() {
                    for (result, loss) in zip(results, runner.run(on: panel)) { result.losses.view[step, index] = loss }
                }
            }
        }
    }
    try flops?.checkCancelled()
    return try results.map { (result) throws(QuantizationError) in try result.finished(factor) }
}

/// ``solve(_:_:_:_:refinement:kernels:flops:threads:panelBudget:)`` in one direction, by the sweep alone.
@_specialize(where S == Float)
@_specialize(where S == Double)
package func solve<S: RealScalar>(
    _ weight: Matrix<S>, _ factor: GramFactor<S>, _ grid: UniformGrid, _ layout: GroupLayout,
    kernels: TileKernels = .best
) throws(QuantizationError) -> SolvedWeight {
    try solve(weight, factor, grid, [layout], kernels: kernels)[0]
}
