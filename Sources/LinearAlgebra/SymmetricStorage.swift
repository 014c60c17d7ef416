extension MutableMatrixView {
    /// Copies the strict lower triangle of a square matrix into the upper one.
    @_specialize(where Element == Float)
    @_specialize(where Element == Double)
    package func mirrorLowerTriangle() where Element: SIMDScalar {
        precondition(rows == columns, "mirroring [\(rows), \(columns)], which is not square")
        // Tall tiles: columns are a power of two apart often enough, and then one element from each of many columns
        // would share few cache lines, where long runs of them do not.
        let (height, width) = (256, 64)
        let tiles = (rows + height - 1) / height
        concurrently(tiles) { index in
            // The longest runs of tiles first, so that none is left for the end.
            let block = (tiles - 1 - index) * height..<Swift.min((tiles - index) * height, rows)
            for start in stride(from: 0, to: block.lowerBound, by: width) {
                mirror(rows: block, columns: start..<start + width)
            }
            for j in block {
                for i in j + 1..<Swift.max(block.upperBound, j + 1) { self[j, i] = self[i, j] }
            }
        }
    }

    /// Copies a tile below the diagonal to its place above it, four by four elements at a time.
    @inline(__always)
    private func mirror(rows: Range<Int>, columns: Range<Int>) where Element: SIMDScalar {
        let fours = rows.count / 4 * 4
        for i in stride(from: rows.lowerBound, to: rows.lowerBound + fours, by: 4) {
            for j in stride(from: columns.lowerBound, to: columns.upperBound, by: 4) {
                let (a, b, c, d) = (four(i, j), four(i, j + 1), four(i, j + 2), four(i, j + 3))
                put(SIMD4(a.x, b.x, c.x, d.x), j, i)
                put(SIMD4(a.y, b.y, c.y, d.y), j, i + 1)
                put(SIMD4(a.z, b.z, c.z, d.z), j, i + 2)
                put(SIMD4(a.w, b.w, c.w, d.w), j, i + 3)
            }
        }
        for i in rows.lowerBound + fours..<rows.upperBound {
            for j in columns { self[j, i] = self[i, j] }
        }
    }

    /// Four elements of column j from row i on.
    @inline(__always)
    private func four(_ i: Int, _ j: Int) -> SIMD4<Element> where Element: SIMDScalar {
        UnsafeRawPointer(column(j) + i).loadUnaligned(as: SIMD4<Element>.self)
    }

    @inline(__always)
    private func put(_ elements: SIMD4<Element>, _ i: Int, _ j: Int) where Element: SIMDScalar {
        UnsafeMutableRawPointer(column(j) + i).storeBytes(of: elements, as: SIMD4<Element>.self)
    }
}
