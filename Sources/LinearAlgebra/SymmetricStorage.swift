extension MutableMatrixView {
    /// Copies the strict lower triangle of a square matrix into the upper one.
    @_specialize(where Element == Float)
    @_specialize(where Element == Double)
    package func mirrorLowerTriangle() {
        precondition(rows == columns, "mirroring [\(rows), \(columns)], which is not square")
        let tile = 32
        let tiles = (rows + tile - 1) / tile
        concurrently(tiles) { index in
            // The longest runs of tiles first, so that none is left for the end.
            let block = (tiles - 1 - index) * tile..<Swift.min((tiles - index) * tile, rows)
            // Through a buffer, so that columns are read and written in runs: one element from each of many columns, far
            // apart by a power of two, would share few cache lines.
            withUnsafeTemporaryAllocation(of: Element.self, capacity: tile * tile) { buffer in
                guard let buffer = buffer.baseAddress else { return }
                for start in stride(from: 0, to: block.lowerBound, by: tile) {
                    let count = block.count
                    for j in 0..<tile {
                        let source = column(start + j) + block.lowerBound
                        for i in 0..<count { buffer[i &* tile &+ j] = source[i] }
                    }
                    for i in 0..<count {
                        column(block.lowerBound + i).advanced(by: start).update(from: buffer + i * tile, count: tile)
                    }
                }
            }
            for j in block {
                for i in j + 1..<Swift.max(block.upperBound, j + 1) { self[j, i] = self[i, j] }
            }
        }
    }
}
