/// A long row of values as the largest of each block of neighbours, so that what stands out is still there.
package struct BlockMaxima: Sendable, Equatable {
    /// [blocks]; NaN where a block has no finite value.
    package let values: [Double]
    /// The number of values that they summarize.
    package let count: Int

    /// - Parameter most: at most so many blocks, all but equally long.
    package init(_ values: [Double], most: Int) {
        count = values.count
        self.values = Self.blocks(values.count, most).map { block in
            values[block].reduce(Double.nan) { Self.larger($0, $1) }
        }
    }

    /// [rows, columns], row after row, reduced in both directions; values beyond the end of `values` count as none.
    package static func reduce(
        _ values: [Float], rows: Int, columns: Int, most: Int
    ) -> (values: [Float], rows: Int, columns: Int) {
        let (down, across) = (blocks(rows, most), blocks(columns, most))
        var reduced = [Float](repeating: .nan, count: down.count * across.count)
        for (row, rowBlock) in down.enumerated() {
            for i in rowBlock {
                for (column, columnBlock) in across.enumerated() {
                    for j in columnBlock where i * columns + j < values.count {
                        let index = row * across.count + column
                        reduced[index] = larger(reduced[index], values[i * columns + j])
                    }
                }
            }
        }
        return (reduced, down.count, across.count)
    }

    /// The ranges of at most `most` blocks over `count` values.
    static func blocks(_ count: Int, _ most: Int) -> [Range<Int>] {
        let blocks = max(0, min(count, most))
        return (0..<blocks).map { $0 * count / blocks..<($0 + 1) * count / blocks }
    }

    private static func larger<Value: BinaryFloatingPoint>(_ a: Value, _ b: Value) -> Value {
        guard b.isFinite else { return a }
        return a.isNaN ? b : max(a, b)
    }
}
