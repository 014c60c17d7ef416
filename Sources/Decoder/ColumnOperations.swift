import AdaDimLinearAlgebra
import Synchronization

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

extension Matrix<Float> {
    /// The first element, down the columns, that is NaN or infinite; the search runs on all threads.
    package var firstNonFiniteOfAll: (row: Int, column: Int)? {
        let found = Atomic<Bool>(false)
        withView { view in
            concurrently(columns, by: Swift.max(1, 32_768 / Swift.max(rows, 1))) { run in
                for j in run where !view.isFinite(column: j) { found.store(true, ordering: .relaxed) }
            }
        }
        return found.load(ordering: .relaxed) ? firstNonFinite : nil
    }
}

extension MatrixView<Float> {
    fileprivate func isFinite(column j: Int) -> Bool {
        let values = column(j)
        let whole = rows & ~7
        // 0·x is 0 for a finite x and NaN otherwise.
        var zeros = Lanes.zero
        for i in stride(from: 0, to: whole, by: 8) { zeros += Lanes(values + i) * 0 }
        if rows > whole { zeros += Lanes(values + whole, count: rows - whole, filler: 0) * 0 }
        return zeros.sum() == 0
    }
}
