import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// One direction of groups in a sweep, and where its results go.
struct SweepDirection<S: RealScalar>: Sendable {
    let layout: GroupLayout
    let grid: UniformGrid
    /// Whether a tile sets the grids of a per-OC group when it comes to it. Not so for groups wider than a block, which
    /// have theirs when their first block is reached, nor in activation order, where a group's columns come up
    /// scattered.
    let findsGrids: Bool
    /// Per-OC [out, ⌈in/g⌉], per-IC [⌈out/g⌉, in].
    let scales: MutableMatrixView<S>
    let zeros: MutableMatrixView<S>
    /// [out, in], in the weight's order of columns.
    let codes: MutableMatrixView<UInt8>

    /// Columns of a per-OC group whose grid the sweep finds, in tiles or before; nil if it finds none.
    static func groupSize(_ layout: GroupLayout, inOrder: Bool) -> Int? {
        layout.dimension == .perOutputChannel && inOrder ? layout.groupSize : nil
    }

    /// The part of the results that belongs to some rows of the weight, whole groups of them.
    subscript(rows rows: Range<Int>) -> SweepDirection {
        let scaleRows =
            layout.dimension == .perOutputChannel
            ? rows
            : rows.lowerBound / layout.groupSize..<(rows.upperBound + layout.groupSize - 1) / layout.groupSize
        return SweepDirection(
            layout: layout, grid: grid, findsGrids: findsGrids,
            scales: scales[rows: scaleRows, columns: 0..<scales.columns],
            zeros: zeros[rows: scaleRows, columns: 0..<zeros.columns],
            codes: codes[rows: rows, columns: 0..<codes.columns])
    }
}
