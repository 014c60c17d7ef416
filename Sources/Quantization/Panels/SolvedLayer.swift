import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// What all steps of a layer share: how its columns and rows are cut, and the memory of tiles.
struct SolvedLayer<S: RealScalar>: Sendable {
    let factor: GramFactor<S>
    let layouts: [GroupLayout]
    let schedule: SweepSchedule
    let panels: RowPanels
    let kernels: TileKernels
    let tiles: WorkspacePool<TileMemory<S>>

    /// Whether scales are on two levels.
    let isTwoLevel: Bool

    /// Columns of a per-OC group whose grids the sweep finds; nil where it finds none.
    var sweptGroupSize: Int? {
        Self.sweptGroupSize(layouts, areGridsSet: factor.positions != nil || isTwoLevel)
    }
    /// Rows of the tallest panel.
    var tallest: Int { panels.ranges.first?.count ?? 0 }
    /// The most tiles that a panel has in any direction.
    var mostTiles: Int { layouts.map { tiles(of: $0) }.max() ?? 0 }

    /// - Parameters:
    ///   - bytesPerRow: working memory of a row of a panel.
    ///   - threads: how many panels, or tiles of one, run at the same time, at most.
    ///   - panelBudget: bytes of working memory of one panel, at most.
    init(
        rows: Int, _ factor: GramFactor<S>, _ layouts: [GroupLayout], _ kernels: TileKernels, isTwoLevel: Bool,
        bytesPerRow: Int,
        threads: Int, panelBudget: Int
    ) throws(QuantizationError) {
        self.factor = factor
        self.layouts = layouts
        self.kernels = kernels
        self.isTwoLevel = isTwoLevel
        schedule = SweepSchedule(
            columns: factor.inputs,
            groupSize: Self.sweptGroupSize(layouts, areGridsSet: factor.positions != nil || isTwoLevel))
        let alignment = layouts.lazy.filter { $0.dimension == .perInputChannel }.map(\.groupSize).max() ?? 1
        panels = RowPanels(
            rows: rows, alignment: alignment, bytesPerRow: bytesPerRow, threads: threads, memoryBudget: panelBudget)
        let tallest = panels.ranges.first?.count ?? 0
        let height = layouts.map { TileRows.height(of: $0, rows: min(tallest, TileRows.count(for: $0))) }.max() ?? 0
        tiles = try WorkspacePool(count: threads) { () throws(QuantizationError) in
            try TileMemory<S>(height: height, width: SweepSchedule.blockWidth)
        }
    }

    /// Tiles of the tallest panel in one direction.
    func tiles(of layout: GroupLayout) -> Int {
        let rows = min(tallest, TileRows.count(for: layout))
        return (tallest + rows - 1) / rows
    }

    private static func sweptGroupSize(_ layouts: [GroupLayout], areGridsSet: Bool) -> Int? {
        areGridsSet ? nil : layouts.first { $0.dimension == .perOutputChannel }?.groupSize
    }
}
