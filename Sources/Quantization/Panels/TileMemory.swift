import AdaDimLinearAlgebra

/// What a ``SweepTile`` works in, for the tallest tile of a sweep.
final class TileMemory<S: RealScalar>: Sendable {
    private let columns: Workspace<S>
    private let rows: Workspace<S>
    private let bytes: Workspace<UInt8>
    private let width: Int

    /// - Parameter width: columns of a block; there is room for a last strip that reaches beyond it.
    init(height: Int, width: Int) throws(QuantizationError) {
        // Columns whose distance is a multiple of 1 KB would share few cache lines.
        let stride = height % 256 == 0 ? height + TileKernels.lanes : height
        self.width = width + TileKernels.stripWidth
        columns = try Workspace(height, by: 3 * self.width, leadingDimension: stride)
        rows = try Workspace(height, by: 5)
        bytes = try Workspace(height, by: 1)
    }

    /// [height, width] each, as the legend of ``SweepTile`` has them.
    var e: MutableMatrixView<S> { part(0) }
    var s: MutableMatrixView<S> { part(1) }
    var x: MutableMatrixView<S> { part(2) }
    /// A number for each row: the least and the greatest weight of its group, its scale and its zero point.
    var low: UnsafeMutablePointer<S> { rows.view.column(0) }
    var high: UnsafeMutablePointer<S> { rows.view.column(1) }
    var scale: UnsafeMutablePointer<S> { rows.view.column(2) }
    var zero: UnsafeMutablePointer<S> { rows.view.column(3) }
    /// What is subtracted, on two-level grids.
    var offset: UnsafeMutablePointer<S> { rows.view.column(4) }
    /// In a pass, which has no use for those ranges: W's column, and scratch.
    var weight: UnsafeMutablePointer<S> { low }
    var scratch: UnsafeMutablePointer<S> { high }
    /// The codes of one column.
    var codes: UnsafeMutablePointer<UInt8> { bytes.view.column(0) }

    private func part(_ index: Int) -> MutableMatrixView<S> {
        columns.view[rows: 0..<columns.view.rows, columns: index * width..<(index + 1) * width]
    }
}
