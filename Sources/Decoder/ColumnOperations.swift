import AdaDimLinearAlgebra

extension MutableMatrixView<Float> {
    /// Adds `bias` [rows, 1] to each column.
    func add(toEveryColumn bias: MatrixView<Float>) {
        precondition(bias.rows == rows && bias.columns == 1, "a bias [\(bias.rows), \(bias.columns)] for \(rows) rows")
        concurrently(columns, by: max(1, 16_384 / max(rows, 1))) { run in
            let b = bias.column(0)
            for j in run {
                let y = column(j)
                for i in 0..<rows { y[i] += b[i] }
            }
        }
    }
}
