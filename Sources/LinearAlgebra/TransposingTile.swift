/// A few rows and columns of a matrix on their way between columns, as this project's memory has them, and rows, as files
/// and other programs have them. Its elements lie row after row in a buffer that stays in cache, 8 KB for `Float`: a
/// tile costs one cache line or two of every row and column that it touches.
@usableFromInline
package struct TransposingTile<Element: BitwiseCopyable & Sendable> {
    @usableFromInline package static var rows: Int { 32 }
    @usableFromInline package static var columns: Int { 64 }

    @usableFromInline let elements: UnsafeMutablePointer<Element>

    @inlinable
    init(_ elements: UnsafeMutablePointer<Element>) { self.elements = elements }

    /// The first element of the tile's row `r`; those of its columns follow.
    @inlinable
    package func row(_ r: Int) -> UnsafeMutablePointer<Element> { elements + r &* Self.columns }

    /// The element of the tile's row `r` and column `c`.
    @inlinable
    package subscript(r: Int, c: Int) -> Element {
        @inline(__always) get { elements[r &* Self.columns &+ c] }
        @inline(__always) nonmutating set { elements[r &* Self.columns &+ c] = newValue }
    }

    /// Calls `body` with a tile for each part of a matrix [rows, columns]; on all threads.
    @inlinable
    package static func each(
        of rows: Int, by columns: Int,
        _ body: @Sendable (_ rows: Range<Int>, _ columns: Range<Int>, TransposingTile) -> Void
    ) {
        withoutActuallyEscaping(body) { body in
            concurrently(rows, by: Self.rows) { range in
                withUnsafeTemporaryAllocation(of: Element.self, capacity: Self.rows * Self.columns) { buffer in
                    guard let start = buffer.baseAddress else { return }
                    let tile = TransposingTile(start)
                    for first in stride(from: 0, to: columns, by: Self.columns) {
                        body(range, first..<Swift.min(first + Self.columns, columns), tile)
                    }
                }
            }
        }
    }
}

extension MatrixView {
    /// Calls `take` with the elements row by row, in runs of up to a tile's width; on all threads.
    /// - Parameter take: is given a run's row, its columns, and its elements side by side.
    @inlinable
    package func eachRowRun(
        _ take: @Sendable (_ row: Int, _ columns: Range<Int>, _ elements: UnsafePointer<Element>) -> Void
    ) {
        TransposingTile<Element>.each(of: rows, by: columns) { rows, run, tile in
            for (c, j) in run.enumerated() {
                let source = column(j) + rows.lowerBound
                for r in 0..<rows.count { tile[r, c] = source[r] }
            }
            for (r, i) in rows.enumerated() { take(i, run, UnsafePointer(tile.row(r))) }
        }
    }
}

extension MutableMatrixView {
    /// Writes the elements row by row, in runs of up to a tile's width; on all threads.
    /// - Parameter put: is given a run's row, its columns, and where to put its elements side by side.
    @inlinable
    package func setRowRuns(
        _ put: @Sendable (_ row: Int, _ columns: Range<Int>, _ elements: UnsafeMutablePointer<Element>) -> Void
    ) {
        TransposingTile<Element>.each(of: rows, by: columns) { rows, run, tile in
            for (r, i) in rows.enumerated() { put(i, run, tile.row(r)) }
            for (c, j) in run.enumerated() {
                let target = column(j) + rows.lowerBound
                for r in 0..<rows.count { target[r] = tile[r, c] }
            }
        }
    }
}
