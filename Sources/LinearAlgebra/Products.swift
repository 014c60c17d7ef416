// Products of general and symmetric matrices. Shapes are checked before the call; a mismatch is a bug of the
// caller's and traps with both shapes. C must not overlap A or B.

/// C ← alpha·op(A)·op(B) + beta·C, with op(A) [m, k], op(B) [k, n], C [m, n]. 2·m·n·k flops.
package func gemm<S: RealScalar>(
    _ alpha: S = 1, _ a: MatrixView<S>, _ transposeA: Transpose = .none, _ b: MatrixView<S>,
    _ transposeB: Transpose = .none, _ beta: S = 0, _ c: MutableMatrixView<S>
) {
    let (m, k) = transposeA == .none ? (a.rows, a.columns) : (a.columns, a.rows)
    let (inner, n) = transposeB == .none ? (b.rows, b.columns) : (b.columns, b.rows)
    precondition(
        inner == k && c.rows == m && c.columns == n,
        "gemm: op(A) [\(m), \(k)], op(B) [\(inner), \(n)], C [\(c.rows), \(c.columns)]")
    guard m > 0 && n > 0 else { return }
    ThreadLending.shared.wholeProduct {
        S._gemm(
            transposeA, transposeB, blasInt(m), blasInt(n), blasInt(k), alpha, a.base, leading(a.leadingDimension),
            b.base, leading(b.leadingDimension), beta, c.base, leading(c.leadingDimension))
    }
}

/// C ← alpha·op(A)·op(A)ᵀ + beta·C in one triangle of C [n, n], with op(A) [n, k]. n²·k flops, half of gemm's.
package func syrk<S: RealScalar>(
    _ triangle: Triangle, _ alpha: S = 1, _ a: MatrixView<S>, _ transpose: Transpose = .none, _ beta: S = 0,
    _ c: MutableMatrixView<S>
) {
    let (n, k) = transpose == .none ? (a.rows, a.columns) : (a.columns, a.rows)
    precondition(c.rows == n && c.columns == n, "syrk: op(A) [\(n), \(k)], C [\(c.rows), \(c.columns)]")
    guard n > 0 else { return }
    ThreadLending.shared.wholeProduct {
        S._syrk(
            triangle, transpose, blasInt(n), blasInt(k), alpha, a.base, leading(a.leadingDimension), beta, c.base,
            leading(c.leadingDimension))
    }
}

/// C ← alpha·A·B + beta·C (side left) or alpha·B·A + beta·C (right), A symmetric with one triangle read, B and C [m,
/// n].
package func symm<S: RealScalar>(
    _ side: Side, _ triangle: Triangle, _ alpha: S = 1, _ a: MatrixView<S>, _ b: MatrixView<S>, _ beta: S = 0,
    _ c: MutableMatrixView<S>
) {
    let order = side == .left ? b.rows : b.columns
    precondition(
        a.rows == order && a.columns == order && c.rows == b.rows && c.columns == b.columns,
        "symm: A [\(a.rows), \(a.columns)] on the \(side), B [\(b.rows), \(b.columns)], C [\(c.rows), \(c.columns)]")
    guard c.rows > 0 && c.columns > 0 else { return }
    ThreadLending.shared.wholeProduct {
        S._symm(
            side, triangle, blasInt(b.rows), blasInt(b.columns), alpha, a.base, leading(a.leadingDimension), b.base,
            leading(b.leadingDimension), beta, c.base, leading(c.leadingDimension))
    }
}

extension Matrix where Element: RealScalar {
    /// op(self)·op(other), a new matrix.
    package func multiplied(
        _ transpose: Transpose = .none, by other: Matrix, _ transposeOther: Transpose = .none
    ) -> Matrix {
        var product = Matrix(
            uninitialized: transpose == .none ? rows : columns,
            transposeOther == .none ? other.columns : other.rows)
        withView { a in
            other.withView { b in product.withMutableView { gemm(1, a, transpose, b, transposeOther, 0, $0) } }
        }
        return product
    }
}
