import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// What a sweep leaves: the quantized weight and its losses.
package struct SweptWeight: Sendable {
    package let quantized: QuantizedMatrix
    /// Σⱼ Vⱼⱼ²·‖w′ⱼ − Qⱼ‖² = tr((W−Q)(H+λI)(W−Q)ᵀ), which the sweep gives for free: of the Q that it left, before any was
    /// refined.
    package let dampedLoss: Double
    /// The damped loss less the damping's share: L = tr((W−Q)·H·(W−Q)ᵀ), of what the sweep left.
    package let loss: Double
    /// L of what refining it left; nil where it was not refined.
    package let refinedLoss: Double?
    /// How many passes refining it took.
    package let passes: Int
}

/// GPTQ's column sweep without an inverse, in blocks. With F = V·diag(V)⁻¹:
///
///     w′ⱼ = Wⱼ + Σ_{k<j} (W_k − Q_k)·F_kj          Qⱼ = grid(w′ⱼ)
///
/// Panels of rows are independent jobs (``SweepPanel``). Inside a panel the columns are halved recursively: one half's
/// errors enter the other's sums by one `gemm`. At the leaves tiles of rows go through a block of columns
/// (``SweepTile``). out·in² flops for each layout. The codes are those of ``referenceSweep(_:_:_:_:)``, up to rounding.
///
/// - Parameters:
///   - weight: W [out, in].
///   - layouts: the directions to sweep in, side by side: they share the products' reading of V.
///   - refinement: what is done to each direction's result afterwards: 2·out·in² flops a pass, twice as many
///     for codes and scales of per-OC groups that no block holds whole; and out·in² for its loss.
///   - work: gets the flops as they are done.
///   - threads: how many panels, or tiles of one, run at the same time, at most, whatever count is set meanwhile.
///   - panelBudget: bytes of working memory of one panel, at most.
/// - Returns: one result for each layout.
/// - Throws: ``QuantizationError/scaleOverflow(scaleType:row:column:)``, ``QuantizationError/lossNotFinite``,
///   ``QuantizationError/outOfMemory(_:)``, ``QuantizationError/cancelled``.
@_specialize(where S == Float)
@_specialize(where S == Double)
package func blockedSweep<S: RealScalar>(
    _ weight: Matrix<S>, _ factor: GramFactor<S>, _ grid: UniformGrid, _ layouts: [GroupLayout],
    refinement: Refinement = Refinement(), kernels: TileKernels = .best, work: Work? = nil,
    threads: Int = BLASLibrary.threadCount, panelBudget: Int = RowPanels.memoryBudget
) throws(QuantizationError) -> [SweptWeight] {
    let inOrder = factor.positions == nil
    let groupSize = layouts.lazy.compactMap { SweepDirection<S>.groupSize($0, inOrder: inOrder) }.first
    let schedule = SweepSchedule(columns: weight.columns, groupSize: groupSize)
    let results = try layouts.map { (layout) throws(QuantizationError) in
        var table = try GridTable<S>(grid, layout)
        // In activation order a per-OC group's columns come up scattered: its grid is set beforehand, from the weight.
        if !inOrder && layout.dimension == .perOutputChannel {
            try table.setAllGroups(from: weight, importance: factor.importanceInOrder, kernels)
        }
        return try SweepResult(table)
    }
    let directions = zip(layouts, results).map { layout, result in
        let size = SweepDirection<S>.groupSize(layout, inOrder: inOrder)
        return result.direction(findsGrids: size.map { $0 <= SweepSchedule.blockWidth } ?? false)
    }

    let alignment = layouts.lazy.filter { $0.dimension == .perInputChannel }.map(\.groupSize).max() ?? 1
    let panels = RowPanels(
        rows: weight.rows, alignment: alignment,
        bytesPerRow: sweptElementsPerRow(directions: layouts.count, columns: weight.columns, refinement)
            * MemoryLayout<S>.stride,
        threads: threads, memoryBudget: panelBudget)
    let tallest = panels.ranges.first?.count ?? 0
    let tileRows = layouts.map { min(tallest, TileRows.count(for: $0)) }
    let memory = try WorkspacePool(count: panels.atOnce) { () throws(QuantizationError) in
        try PanelMemory<S>(
            rows: layouts.count * tallest, columns: weight.columns,
            tiles: tileRows.map { (tallest + $0 - 1) / $0 }.max() ?? 0,
            groupWidth: groupSize.flatMap { $0 > SweepSchedule.blockWidth ? $0 : nil })
    }
    let refiner = try LayerRefinement(
        refinement, factor, layouts, schedule, panels, tallest: tallest, tileRows: tileRows)
    let tileHeight = zip(layouts, tileRows).map { TileRows.height(of: $0, rows: $1) }.max() ?? 0
    let tiles = try WorkspacePool(count: threads) { () throws(QuantizationError) in
        try TileMemory<S>(height: tileHeight, width: SweepSchedule.blockWidth)
    }
    let losses = try Workspace<SweepLoss>(layouts.count, by: panels.ranges.count)
    let refinedLosses = try Workspace<RefinedLoss>(layouts.count, by: panels.ranges.count)
    try weight.withView { (weight) throws(QuantizationError) in
        try factor.storage.withView { (v) throws(QuantizationError) in
            let blocks = try packedBlocks(v, schedule, directions)
            panels.run { index, rows in
                memory.borrow { memory in
                    let panel = SweepPanel(
                        weight: weight[rows: rows, columns: 0..<weight.columns], factor: factor, v: v,
                        directions: directions.map { $0[rows: rows] }, blocks: blocks, memory: memory,
                        kernels: kernels, tiles: tiles, work: work)
                    for (direction, loss) in panel.sweep(schedule.root, hasSums: false).enumerated() {
                        losses.view[direction, index] = loss
                        if let refiner {
                            refinedLosses.view[direction, index] = refiner.refine(panel, direction)
                        }
                    }
                }
            }
        }
    }
    try work?.checkCancelled()
    var swept: [SweptWeight] = []
    for (direction, result) in results.enumerated() {
        let loss = panels.ranges.indices.reduce(into: SweepLoss()) { $0 += losses.view[direction, $1] }
        let refinedLoss = panels.ranges.indices.reduce(into: RefinedLoss()) { $0 += refinedLosses.view[direction, $1] }
        swept.append(try result.finished(loss, refined: refiner == nil ? nil : refinedLoss, factor))
    }
    return swept
}

/// Working memory of a row of a panel, but for a few elements.
func sweptElementsPerRow(directions: Int, columns: Int, _ refinement: Refinement) -> Int {
    directions * (columns + (refinement.passes > 0 ? RefinementMemory<Float>.elementsPerRow : 0))
}

/// The factor's blocks as each direction's tiles read them, one and the same where they divide them alike.
private func packedBlocks<S: RealScalar>(
    _ v: MatrixView<S>, _ schedule: SweepSchedule, _ directions: [SweepDirection<S>]
) throws(QuantizationError) -> [PackedBlocks<S>] {
    var packed: [Int?: PackedBlocks<S>] = [:]
    return try directions.map { (direction) throws(QuantizationError) in
        let size = direction.layout.groupSize
        let width = direction.findsGrids && size < SweepSchedule.blockWidth ? size : nil
        if let blocks = packed[width] { return blocks }
        let blocks = try PackedBlocks(v, columns: schedule.blocks, groupWidth: width)
        packed[width] = blocks
        return blocks
    }
}

/// ``blockedSweep(_:_:_:_:refinement:kernels:work:threads:panelBudget:)`` in one direction.
@_specialize(where S == Float)
@_specialize(where S == Double)
package func blockedSweep<S: RealScalar>(
    _ weight: Matrix<S>, _ factor: GramFactor<S>, _ grid: UniformGrid, _ layout: GroupLayout,
    kernels: TileKernels = .best
) throws(QuantizationError) -> SweptWeight {
    try blockedSweep(weight, factor, grid, [layout], kernels: kernels)[0]
}

/// One direction's results while they come to be, written by all panels side by side.
private struct SweepResult<S: RealScalar>: Sendable {
    private let table: GridTable<S>
    private let scales: Workspace<S>
    private let zeros: Workspace<S>
    private let codes: Workspace<UInt8>

    /// - Parameter table: grids that are set already; the sweep sets the others.
    init(_ table: GridTable<S>) throws(QuantizationError) {
        self.table = table
        scales = try Workspace(copying: table.scales)
        zeros = try Workspace(copying: table.zeros)
        codes = try Workspace(table.layout.rows, by: table.layout.columns)
    }

    func direction(findsGrids: Bool) -> SweepDirection<S> {
        SweepDirection(
            layout: table.layout, grid: table.grid, findsGrids: findsGrids, scales: scales.view, zeros: zeros.view,
            codes: codes.view)
    }

    /// - Throws: ``QuantizationError/scaleOverflow(scaleType:row:column:)``, ``QuantizationError/lossNotFinite``.
    func finished(
        _ loss: SweepLoss, refined: RefinedLoss?, _ factor: GramFactor<S>
    ) throws(QuantizationError) -> SweptWeight {
        var finished = table
        finished.scales = Matrix(scales)
        finished.zeros = Matrix(zeros)
        let quantized = try finished.quantized(codes: Matrix(codes))
        return SweptWeight(
            quantized: quantized, dampedLoss: loss.damped, loss: try factor.undamped(loss),
            refinedLoss: try refined.map { (refined) throws(QuantizationError) in try factor.undamped(refined.loss) },
            passes: refined?.passes ?? 0)
    }
}
