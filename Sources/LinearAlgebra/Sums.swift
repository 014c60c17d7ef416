extension MutableMatrixView where Element: RealScalar {
    /// Adds a multiple of a matrix of the same shape.
    @_specialize(where Element == Float)
    @_specialize(where Element == Double)
    package func add(_ share: Element, times other: MatrixView<Element>) {
        precondition(other.rows == rows && other.columns == columns, "adding [\(other.rows), \(other.columns)]")
        concurrently(columns, by: 64) { run in
            for j in run {
                let (to, from) = (column(j), other.column(j))
                for i in 0..<rows { to[i] += share * from[i] }
            }
        }
    }
}

extension MatrixView where Element: RealScalar {
    /// Σ of the products of two matrices' elements, in Double, in the order in which they are stored.
    @_specialize(where Element == Float)
    @_specialize(where Element == Double)
    package func dot(_ other: MatrixView<Element>) -> Double {
        precondition(other.rows == rows && other.columns == columns, "a product with [\(other.rows), \(other.columns)]")
        var sum = 0.0
        for j in 0..<columns {
            let (a, b) = (column(j), other.column(j))
            for i in 0..<rows { sum += Double(a[i]) * Double(b[i]) }
        }
        return sum
    }
}

extension Matrix where Element: RealScalar {
    /// With each column multiplied by a number of its own.
    @_specialize(where Element == Float)
    @_specialize(where Element == Double)
    package func scaledColumns(by factors: [Element]) -> Matrix {
        precondition(factors.count == columns, "\(factors.count) factors for \(columns) columns")
        let result = Workspace<Element>(rows: rows, columns: columns)
        withView { source in
            concurrently(columns, by: 64) { run in
                for j in run {
                    let (from, to, factor) = (source.column(j), result.view.column(j), factors[j])
                    for i in 0..<source.rows { to[i] = from[i] * factor }
                }
            }
        }
        return Matrix(result)
    }
}
