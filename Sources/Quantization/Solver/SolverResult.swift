import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// What one direction becomes, written by all panels side by side, and what each step lost on each panel.
struct SolverResult<S: RealScalar>: Sendable {
    /// Of the whole weight.
    let whole: DirectionResult<S>
    /// [steps, panels].
    let losses: Workspace<StepLoss>
    private let table: GridTable<S>
    private let scales: Workspace<S>
    private let zeros: Workspace<S>
    private let codes: Workspace<UInt8>

    /// In act-order a per-OC group's columns are scattered over the sweep, so that its grid is set here, from the weight; all
    /// other grids are left to the sweep.
    init(
        _ grid: UniformGrid, _ layout: GroupLayout, of weight: Matrix<S>, _ factor: GramFactor<S>,
        _ kernels: TileKernels, steps: Int, panels: RowPanels
    ) throws(QuantizationError) {
        var table = try GridTable<S>(grid, layout)
        let findsGrids = layout.dimension == .perOutputChannel && factor.positions == nil
        if layout.dimension == .perOutputChannel && !findsGrids {
            try table.setAllGroups(from: weight, importance: factor.importanceInOrder, kernels)
        }
        self.table = table
        scales = try Workspace(copying: table.scales)
        zeros = try Workspace(copying: table.zeros)
        codes = try Workspace(layout.rows, by: layout.columns)
        losses = try Workspace(steps, by: panels.ranges.count)
        whole = DirectionResult(
            layout: layout, grid: grid, findsGrids: findsGrids && layout.groupSize <= SweepSchedule.blockWidth,
            scales: scales.view, zeros: zeros.view, codes: codes.view)
    }

    /// - Throws: ``QuantizationError/scaleOverflow(scaleType:row:column:)``, ``QuantizationError/lossNotFinite``.
    func finished(_ factor: GramFactor<S>) throws(QuantizationError) -> SolvedWeight {
        var finished = table
        finished.scales = Matrix(scales)
        finished.zeros = Matrix(zeros)
        let quantized = try finished.quantized(codes: Matrix(codes))
        let swept = sum(ofStep: 0).loss
        let refined = losses.view.rows > 1 ? sum(ofStep: losses.view.rows - 1) : nil
        return SolvedWeight(
            quantized: quantized, dampedLoss: swept.damped, loss: try factor.undamped(swept),
            refinedLoss: try refined.map { (refined) throws(QuantizationError) in try factor.undamped(refined.loss) },
            passes: refined?.passes ?? 0)
    }

    private func sum(ofStep step: Int) -> StepLoss {
        (0..<losses.view.columns).reduce(into: StepLoss()) { $0 += losses.view[step, $1] }
    }
}
