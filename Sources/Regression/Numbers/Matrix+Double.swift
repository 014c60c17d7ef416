import AdaDimLinearAlgebra

extension Matrix where Element: RealScalar {
    /// The same numbers in Double: exact.
    package var inDouble: Matrix<Double> {
        @_specialize(where Element == Float)
        @_specialize(where Element == Double)
        get {
            if let same = self as? Matrix<Double> { return same }
            return withView { view in Matrix<Double>(rows: rows, columns: columns) { Double(view[$0, $1]) } }
        }
    }
}

extension Matrix<Double> {
    /// |A|, element by element.
    var magnitudes: Matrix<Double> { withView { a in Matrix(rows: rows, columns: columns) { abs(a[$0, $1]) } } }

    /// Some columns.
    func columns(_ range: Range<Int>) -> Matrix<Double> {
        withView { a in Matrix(rows: rows, columns: range.count) { a[$0, range.lowerBound + $1] } }
    }

    /// A window.
    func window(rows: Range<Int>, columns: Range<Int>) -> Matrix<Double> {
        withView { a in
            Matrix(rows: rows.count, columns: columns.count) { a[rows.lowerBound + $0, columns.lowerBound + $1] }
        }
    }
}
