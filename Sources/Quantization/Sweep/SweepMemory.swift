import AdaDimLinearAlgebra

/// What a ``SweepPanel`` works in beside the panel's errors, for the tallest panel of a sweep.
final class SweepMemory<S: RealScalar>: Sendable {
    private let tileLosses: Workspace<DampedLoss>
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
    ///   - tiles: of a block, at most.
    ///   - groupWidth: columns of a per-OC group wider than a block; nil where there is none.
    init(tiles: Int, groupWidth: Int?) throws(QuantizationError) {
        tileLosses = try Workspace(tiles, by: 1)
        guard let groupWidth else {
            wideGroup = nil
            return
        }
        wideGroup = WideGroup(
            updated: try Workspace(WideGroup.height, by: groupWidth), ranges: try Workspace(WideGroup.height, by: 2))
    }

    /// The loss of each tile of a block.
    var losses: MutableMatrixView<DampedLoss> { tileLosses.view }

    func lendWideGroup() -> WideGroup {
        guard let wideGroup else { preconditionFailure("a group wider than a block in a sweep that has none") }
        return wideGroup
    }
}
