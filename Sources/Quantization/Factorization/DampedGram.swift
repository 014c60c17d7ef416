import AdaDimLinearAlgebra

/// H + λI [in, in], in the factor's order of columns, from where a ``GramFactor`` keeps it: the strict lower triangle
/// of its storage, and the diagonal apart.
struct DampedGram<S: RealScalar>: Sendable {
    /// [in, in], of which the strict lower triangle counts.
    let storage: MatrixView<S>
    /// [in, 1].
    let diagonal: MatrixView<S>

    var order: Int { storage.columns }

    @inline(__always)
    subscript(i: Int, j: Int) -> S { i > j ? storage[i, j] : i < j ? storage[j, i] : diagonal[i, 0] }

    /// Copies column j.
    func copyColumn(_ j: Int, to target: UnsafeMutablePointer<S>) {
        for i in 0..<j { target[i] = storage[j, i] }
        target[j] = diagonal[j, 0]
        let below = order - j - 1
        if below > 0 { (target + j + 1).update(from: storage.column(j) + j + 1, count: below) }
    }

    /// target ← errors·H[:, columns], [rows, columns.count]: 2·rows·in·columns.count flops.
    /// - Parameter square: H[columns, columns].
    func multiply(
        _ errors: MatrixView<S>, columns: Range<Int>, square: MatrixView<S>, into target: MutableMatrixView<S>
    ) {
        let rows = 0..<errors.rows
        gemm(1, errors[rows: rows, columns: columns], .none, square, .none, 0, target)
        if columns.lowerBound > 0 {
            let before = 0..<columns.lowerBound
            gemm(
                1, errors[rows: rows, columns: before], .none, storage[rows: columns, columns: before], .transposed, 1,
                target)
        }
        if columns.upperBound < order {
            let after = columns.upperBound..<order
            gemm(
                1, errors[rows: rows, columns: after], .none, storage[rows: after, columns: columns], .none, 1, target)
        }
    }
}
