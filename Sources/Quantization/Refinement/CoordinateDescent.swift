import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// Changes codes, column by column, each to its best value while all else stays (as in QuantEase, arXiv 2309.01885); per-IC, where
/// a column's groups are separable, its grids with them.
struct CoordinateDescent<S: RealScalar>: PassStep {
    static func elementsPerRow(of shape: StepShape) -> Int { 0 }
    static func sharedElements(of shape: StepShape, _ refinement: Refinement) -> Int { 0 }
    static func flopsPerRow(columns: Int) -> Double { 0 }

    private let panel: RefinementPanel<S>

    /// nil where nothing of it may change.
    init?(_ panel: RefinementPanel<S>) {
        guard panel.refinement.changesCodes || panel.result.layout.dimension == .perInputChannel else { return nil }
        self.panel = panel
    }

    var worksInBlocks: Bool { true }
    var worksBeforeBlocks: Bool { false }
    func changeBeforeBlocks(share: Double) -> Bool { false }

    /// Goes through a block's columns one by one, tiles of rows side by side.
    /// - Returns: whether anything changed.
    @_specialize(where S == Float)
    @_specialize(where S == Double)
    func change(_ block: SymmetricBlock<S>, _ residual: MutableMatrixView<S>) -> Bool {
        let height = TileRows.count(for: panel.result.layout)
        let count = (panel.rows + height - 1) / height
        let changes = panel.memory.changes
        concurrently(count, workers: panel.tiles.count) { tile in
            let change = RefinementTile(
                rows: TileRows(tile * height..<min(panel.rows, (tile + 1) * height), of: panel.result.layout),
                block: block,
                factor: panel.factor, result: panel.result, refinement: panel.refinement, kernels: panel.kernels)
            changes[tile, 0] = panel.tiles.borrow {
                change.change(weight: panel.weight, errors: panel.errors, residual: residual.reading, $0)
            }
        }
        return (0..<count).contains { changes[$0, 0] }
    }
}
