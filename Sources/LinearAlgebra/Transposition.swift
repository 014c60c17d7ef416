extension MatrixView {
    /// Writes the transpose, [columns, rows], into `target`, converting each element. Tiled so that both sides stay in
    /// cache, tiles of rows side by side on all threads.
    @inlinable
    package func transpose<Target>(
        into target: MutableMatrixView<Target>, _ convert: @Sendable (Element) -> Target
    ) {
        precondition(
            target.rows == columns && target.columns == rows,
            "the transpose of [\(rows), \(columns)] does not fit [\(target.rows), \(target.columns)]")
        let tile = 32
        withoutActuallyEscaping(convert) { convert in
            concurrently(rows, by: tile) { rowRange in
                var start = 0
                while start < columns {
                    let end = Swift.min(start + tile, columns)
                    for i in rowRange {
                        let output = target.column(i)
                        for j in start..<end { output[j] = convert(self[i, j]) }
                    }
                    start = end
                }
            }
        }
    }
}

extension Matrix {
    /// The transpose [columns, rows], a new matrix.
    public func transposed() -> Matrix {
        var result = Matrix(uninitialized: columns, rows)
        withView { source in result.withMutableView { source.transpose(into: $0) { $0 } } }
        return result
    }
}
