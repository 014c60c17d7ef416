/// Overwrites the upper triangle of the symmetric A with V, A = V·Vᵀ, V upper triangular: Cholesky's factorization from
/// the last row to the first. The strict lower triangle is left alone. n³/3 flops.
///
/// By halves: V₂₂ of the lower right one, then V₁₂ = A₁₂·V₂₂⁻ᵀ, then V₁₁ of A₁₁ − V₁₂·V₁₂ᵀ. Nearly all of it is `trsm`
/// and `syrk` on matrices as large as can be, in place; LAPACK knows only the forward factorization, which would need
/// the whole matrix reversed before and after.
/// - Parameter progress: called with the flops done since its last call; what it throws ends the work.
/// - Throws: ``FactorizationError/notPositiveDefinite(pivot:order:)``, the pivot that failed counted from 0 in A's
///   order.
@_specialize(where S == Float)
@_specialize(where S == Double)
package func reverseCholesky<S: RealScalar>(
    _ a: MutableMatrixView<S>, progress: (Double) throws(FactorizationError) -> Void = { _ in }
) throws(FactorizationError) {
    precondition(a.rows == a.columns, "reverseCholesky: [\(a.rows), \(a.columns)] is not square")
    let block = min(a.rows, ReverseCholeskyBlock.order)
    let reversed: Workspace<S>
    do { reversed = try Workspace(allocating: block, block) } catch { throw .outOfMemory(order: block) }
    try factor(a, at: 0, of: a.rows, reversed: reversed, progress)
}

private enum ReverseCholeskyBlock {
    /// Order of the squares that LAPACK factors, small enough for the second-level cache.
    static let order = 256
}

/// Factors the square that begins at `origin` of a matrix of `order` rows.
@_specialize(where S == Float)
@_specialize(where S == Double)
private func factor<S: RealScalar>(
    _ a: MutableMatrixView<S>, at origin: Int, of order: Int, reversed: Workspace<S>,
    _ progress: (Double) throws(FactorizationError) -> Void
) throws(FactorizationError) {
    let n = a.rows
    guard n > ReverseCholeskyBlock.order else {
        try factorBlock(a, at: origin, of: order, reversed: reversed.view[rows: 0..<n, columns: 0..<n])
        try progress(Double(n) * Double(n) * Double(n) / 3)
        return
    }
    // Whole blocks at the end, the shorter rest at the beginning.
    let blocks = (n + ReverseCholeskyBlock.order - 1) / ReverseCholeskyBlock.order
    let split = n - blocks / 2 * ReverseCholeskyBlock.order
    let (first, second) = (0..<split, split..<n)
    let (a11, a12, a22) = (
        a[rows: first, columns: first], a[rows: first, columns: second], a[rows: second, columns: second]
    )
    try factor(a22, at: origin + second.lowerBound, of: order, reversed: reversed, progress)
    for rows in pieces(of: first.count) {
        trsm(.right, .upper, .transposed, .stored, 1, a22.reading, a12[rows: rows, columns: 0..<second.count])
        try progress(Double(rows.count) * Double(second.count) * Double(second.count))
    }
    for columns in pieces(of: first.count) {
        subtractProduct(of: a12.reading, from: a11, columns: columns)
        try progress(Double(second.count) * Double(columns.count) * Double(columns.lowerBound + columns.upperBound))
    }
    try factor(a11, at: origin, of: order, reversed: reversed, progress)
}

/// Large products in pieces, so that progress can be reported; products of this size do not become slower.
private func pieces(of count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: 8192).map { $0..<min($0 + 8192, count) }
}

/// Some columns of the upper triangle of C ← C − A·Aᵀ.
private func subtractProduct<S: RealScalar>(
    of a: MatrixView<S>, from c: MutableMatrixView<S>, columns: Range<Int>
) {
    let (above, all) = (0..<columns.lowerBound, 0..<a.columns)
    let part = a[rows: columns, columns: all]
    gemm(-1, a[rows: above, columns: all], .none, part, .transposed, 1, c[rows: above, columns: columns])
    syrk(.upper, -1, part, .none, 1, c[rows: columns, columns: columns])
}

/// Factors a square that fits in cache: a reversed copy of it, whose factor is L·Lᵀ, and back.
@_specialize(where S == Float)
@_specialize(where S == Double)
private func factorBlock<S: RealScalar>(
    _ a: MutableMatrixView<S>, at origin: Int, of order: Int, reversed: MutableMatrixView<S>
) throws(FactorizationError) {
    let last = a.rows - 1
    for j in 0..<a.rows {
        let (source, target) = (a.column(j), reversed.column(last - j))
        for i in 0...j { target[last - i] = source[i] }
    }
    do {
        // A block this small is done before other threads would have woken up.
        try onOneThread { () throws(FactorizationError) in try potrf(.lower, reversed) }
    } catch .notPositiveDefinite(let pivot, _) {
        throw .notPositiveDefinite(pivot: origin + last - pivot, order: order)
    }
    for j in 0..<a.rows {
        let (source, target) = (reversed.column(last - j), a.column(j))
        for i in 0...j { target[i] = source[last - i] }
    }
}
