// Products and solves with a triangular matrix, in place. Shapes are checked before the call.

private func checkTriangular<S>(_ name: String, _ side: Side, _ a: MatrixView<S>, _ b: MutableMatrixView<S>) {
    let order = side == .left ? b.rows : b.columns
    precondition(
        a.rows == order && a.columns == order,
        "\(name): A [\(a.rows), \(a.columns)] on the \(side) of B [\(b.rows), \(b.columns)]")
}

/// B ← alpha·op(A)·B (side left) or alpha·B·op(A) (right), A triangular, B [m, n]. m·n·order flops.
package func trmm<S: RealScalar>(
    _ side: Side, _ triangle: Triangle, _ transpose: Transpose = .none, _ diagonal: Diagonal = .stored,
    _ alpha: S = 1, _ a: MatrixView<S>, _ b: MutableMatrixView<S>
) {
    checkTriangular("trmm", side, a, b)
    guard b.rows > 0 && b.columns > 0 else { return }
    ThreadLending.shared.wholeProduct {
        S._trmm(
            side, triangle, transpose, diagonal, blasInt(b.rows), blasInt(b.columns), alpha, a.base,
            leading(a.leadingDimension), b.base, leading(b.leadingDimension))
    }
}

/// B ← alpha·op(A)⁻¹·B (side left) or alpha·B·op(A)⁻¹ (right), A triangular, B [m, n]. m·n·order flops.
/// A zero on A's diagonal divides by zero: the factorizations here never return one.
package func trsm<S: RealScalar>(
    _ side: Side, _ triangle: Triangle, _ transpose: Transpose = .none, _ diagonal: Diagonal = .stored,
    _ alpha: S = 1, _ a: MatrixView<S>, _ b: MutableMatrixView<S>
) {
    checkTriangular("trsm", side, a, b)
    guard b.rows > 0 && b.columns > 0 else { return }
    ThreadLending.shared.wholeProduct {
        S._trsm(
            side, triangle, transpose, diagonal, blasInt(b.rows), blasInt(b.columns), alpha, a.base,
            leading(a.leadingDimension), b.base, leading(b.leadingDimension))
    }
}
