import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// What one direction becomes, written by all panels side by side, and what each step lost on each panel.
struct SolverResult<S: RealScalar>: Sendable {
    /// Of the whole weight.
    let whole: DirectionResult<S>
    /// [steps, panels].
    let losses: Workspace<StepLoss>
    private let stepNames: [String]
    private let table: GridTable<S>
    private let scales: Workspace<S>
    private let zeros: Workspace<S>
    private let codes: Workspace<UInt8>

    /// In act-order a per-OC group's columns are scattered over the sweep, so that its grid is set here, from the weight, and so
    /// are two-level grids; all others are left to the sweep.
    init(
        _ grid: UniformGrid, _ layout: GroupLayout, of weight: Matrix<S>, _ factor: GramFactor<S>,
        _ kernels: TileKernels, steps: [any LayerStep], panels: RowPanels
    ) throws(QuantizationError) {
        var table = try GridTable<S>(grid, layout)
        let findsGrids = layout.dimension == .perOutputChannel && factor.positions == nil && grid.twoLevel == nil
        if layout.dimension == .perOutputChannel && !findsGrids {
            try table.setAllGroups(from: weight, importance: factor.importanceInOrder, kernels)
        }
        self.table = table
        scales = try Workspace(copying: table.scales)
        zeros = try Workspace(copying: table.zeros)
        codes = try Workspace(layout.rows, by: layout.columns)
        stepNames = steps.map(\.name)
        losses = try Workspace(steps.count, by: panels.ranges.count)
        whole = DirectionResult(
            layout: layout, grid: grid, findsGrids: findsGrids && layout.groupSize <= SweepSchedule.blockWidth,
            scales: scales.view, zeros: zeros.view, twoLevel: table.twoLevel?.view, codes: codes.view)
    }

    /// - Throws: ``QuantizationError/scaleOverflow(scaleType:row:column:)``, ``QuantizationError/lossNotFinite``.
    func finished(_ factor: GramFactor<S>) throws(QuantizationError) -> SolvedWeight {
        var finished = table
        finished.scales = Matrix(scales)
        finished.zeros = Matrix(zeros)
        let quantized = try finished.quantized(codes: Matrix(codes))
        let steps = try zip(stepNames, sums).map { (name, sum) throws(QuantizationError) in
            SolvedStep(name: name, loss: try factor.undamped(sum.loss), passes: sum.passes)
        }
        return SolvedWeight(quantized: quantized, dampedLoss: sums[0].loss.damped, steps: steps)
    }

    /// Of all panels, step by step.
    private var sums: [StepLoss] {
        stepNames.indices.map { step in
            (0..<losses.view.columns).reduce(into: StepLoss()) { $0 += losses.view[step, $1] }
        }
    }
}
