import AdaDimLinearAlgebra

/// What a ``SweepPanel`` works in, for the tallest panel of a sweep.
final class PanelMemory<S: RealScalar>: Sendable {
    private let columns: Workspace<S>
    private let tileLosses: Workspace<SweepLoss>
    private let wideGroup: WideGroup?

    /// Room for setting the grid of a per-OC group wider than a block, a run of rows at a time.
    struct WideGroup: Sendable {
        /// Rows of a run, whole vectors of them.
        static var height: Int { 256 }

        /// [height, columns of the group], its updated weights.
        let updated: Workspace<S>
        /// [height, 2]: the least and the greatest of each row.
        let ranges: Workspace<S>
    }

    /// - Parameters:
    ///   - rows: of the sums, those of all directions.
    ///   - columns: of the weight.
    ///   - tiles: of a block, at most.
    ///   - groupWidth: columns of a per-OC group wider than a block; nil where there is none.
    init(rows: Int, columns: Int, tiles: Int, groupWidth: Int?) throws(QuantizationError) {
        self.columns = try Workspace(rows, by: columns)
        tileLosses = try Workspace(tiles, by: 1)
        guard let groupWidth else {
            wideGroup = nil
            return
        }
        wideGroup = WideGroup(
            updated: try Workspace(WideGroup.height, by: groupWidth), ranges: try Workspace(WideGroup.height, by: 2))
    }

    /// The sums of a panel [rows, in].
    func sums(rows: Int) -> MutableMatrixView<S> {
        columns.view[rows: 0..<rows, columns: 0..<columns.view.columns]
    }

    /// The loss of each tile of a block.
    var losses: MutableMatrixView<SweepLoss> { tileLosses.view }

    func lendWideGroup() -> WideGroup {
        guard let wideGroup else { preconditionFailure("a group wider than a block in a sweep that has none") }
        return wideGroup
    }
}
