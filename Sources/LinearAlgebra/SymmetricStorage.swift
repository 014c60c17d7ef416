extension MutableMatrixView {
    /// Copies the strict lower triangle of a square matrix into the upper one.
    @_specialize(where Element == Float)
    @_specialize(where Element == Double)
    package func mirrorLowerTriangle() { mirror { i, j in self[j, i] = self[i, j] } }

    /// Calls `copy` for every i > j, tile by tile, tiles side by side on all threads.
    @inline(__always)
    private func mirror(_ copy: @Sendable (_ i: Int, _ j: Int) -> Void) {
        precondition(rows == columns, "mirroring [\(rows), \(columns)], which is not square")
        let tile = 64
        withoutActuallyEscaping(copy) { copy in
            concurrently(rows, by: tile) { block in
                var start = 0
                while start < block.upperBound {
                    let end = Swift.min(start + tile, block.upperBound)
                    for j in start..<end {
                        for i in Swift.max(block.lowerBound, j + 1)..<Swift.max(block.upperBound, j + 1) { copy(i, j) }
                    }
                    start = end
                }
            }
        }
    }

    /// Reverses the order of all elements. On a symmetric matrix this flips both axes: element (i, j) comes to
    /// (n − 1 − i, n − 1 − j), and each triangle becomes the other.
    /// - Precondition: the view is a whole matrix, without padding between columns.
    @_specialize(where Element == Float)
    @_specialize(where Element == Double)
    package func reverse() {
        precondition(leadingDimension == rows, "reversing a window with padding between its columns")
        let count = rows * columns
        let half = count / 2
        concurrently(half, by: 1 << 16) { range in
            for k in range {
                let other = count - 1 - k
                let first = base[k]
                base[k] = base[other]
                base[other] = first
            }
        }
    }
}
