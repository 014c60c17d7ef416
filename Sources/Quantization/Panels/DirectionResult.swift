import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// What a weight becomes in one direction of groups, while it comes to be: where codes, scales and zero points are written.
struct DirectionResult<S: RealScalar>: Sendable {
    let layout: GroupLayout
    let grid: UniformGrid
    /// Whether a tile of the sweep sets the grids of a per-OC group when it comes to it. Not so for groups wider than a block,
    /// whose grids are set when their first block is reached, nor in act-order, where a group's columns are scattered, nor for
    /// two-level grids.
    let findsGrids: Bool
    /// Per-OC [out, ⌈in/g⌉], per-IC [⌈out/g⌉, in].
    let scales: MutableMatrixView<S>
    let zeros: MutableMatrixView<S>
    /// What scales and offsets are made of on two levels, with the offsets [out, in/g]; else nil.
    let twoLevel: TwoLevelView<S>?
    /// [out, in], in the weight's order of columns.
    let codes: MutableMatrixView<UInt8>

    /// The part of the results that belongs to some rows of the weight, whole groups of them.
    subscript(rows rows: Range<Int>) -> DirectionResult {
        let scaleRows =
            layout.dimension == .perOutputChannel
            ? rows
            : rows.lowerBound / layout.groupSize..<(rows.upperBound + layout.groupSize - 1) / layout.groupSize
        return DirectionResult(
            layout: layout, grid: grid, findsGrids: findsGrids,
            scales: scales[rows: scaleRows, columns: 0..<scales.columns],
            zeros: zeros[rows: scaleRows, columns: 0..<zeros.columns], twoLevel: twoLevel?[rows: rows],
            codes: codes[rows: rows, columns: 0..<codes.columns])
    }
}
