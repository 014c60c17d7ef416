import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// The rows of a tile, cut into segments that are each rounded up to whole vectors by rows that are zero and stay zero: for
/// per-IC a segment is a group, for per-OC all of the tile.
struct TileRows: Sendable {
    /// Of the panel.
    let rows: Range<Int>
    /// Rows of a segment, but for a shorter last one.
    let segment: Int

    init(_ rows: Range<Int>, of layout: GroupLayout) {
        self.rows = rows
        segment = layout.dimension == .perOutputChannel ? rows.count : min(layout.groupSize, rows.count)
    }

    /// The height, padding included, of a tile of so many rows.
    static func height(of layout: GroupLayout, rows: Int) -> Int { TileRows(0..<rows, of: layout).height }

    /// Rows of a tile: 64, or for per-IC as many whole groups as fit, at least one.
    static func count(for layout: GroupLayout) -> Int {
        layout.dimension == .perOutputChannel ? 64 : max(1, 64 / layout.groupSize) * layout.groupSize
    }

    var segments: Int { (rows.count + segment - 1) / segment }
    /// Padding included.
    var segmentHeight: Int { wholeVectors(segment) }
    /// Padding included.
    var height: Int { segments * segmentHeight }

    /// Copies the tile's rows of a panel's column, and `padding` after each segment.
    @inline(__always)
    func copyIn<S: RealScalar>(_ column: UnsafePointer<S>, to target: UnsafeMutablePointer<S>, padding: S = 0) {
        let source = column + rows.lowerBound
        for index in 0..<segments {
            let count = min(segment, rows.count - index * segment)
            let place = target + index * segmentHeight
            place.update(from: source + index * segment, count: count)
            (place + count).update(repeating: padding, count: segmentHeight - count)
        }
    }

    /// Copies the tile's rows back into a panel's column.
    @inline(__always)
    func copyOut<T>(_ source: UnsafePointer<T>, to column: UnsafeMutablePointer<T>) {
        let target = column + rows.lowerBound
        for index in 0..<segments {
            let count = min(segment, rows.count - index * segment)
            (target + index * segment).update(from: source + index * segmentHeight, count: count)
        }
    }
}

/// A number of rows rounded up to whole vectors of the widest instruction set.
private func wholeVectors(_ rows: Int) -> Int { (rows + TileKernels.lanes - 1) / TileKernels.lanes * TileKernels.lanes }
