import AdaDimLinearAlgebra

extension Matrix<Float> {
    /// The elements of a column.
    package func column(_ j: Int) -> [Float] { (0..<rows).map { self[$0, j] } }

    /// The columns of `range`, a new matrix.
    package func columns(_ range: Range<Int>) -> Matrix<Float> {
        Matrix(rows: rows, columns: range.count) { self[$0, range.lowerBound + $1] }
    }
}
