/// What LAPACK found wrong with a matrix. Data, unlike a wrong argument, which is a bug and traps.
package enum FactorizationError: Error, Equatable, CustomStringConvertible, Sendable {
    /// The leading minor that ends at `pivot` (from 0) is not positive: the matrix of `order` rows has no Cholesky
    /// factor.
    case notPositiveDefinite(pivot: Int, order: Int)
    /// A triangular matrix has a zero at `pivot` (from 0) of its diagonal.
    case singular(pivot: Int, order: Int)
    /// LAPACKE could not allocate its workspace.
    case outOfMemory(order: Int)
    /// The progress observer cancelled the work.
    case cancelled

    package var description: String {
        switch self {
        case .notPositiveDefinite(let pivot, let order):
            "not positive definite: pivot \(pivot) of \(order) is not a positive number"
        case .singular(let pivot, let order): "singular: element \(pivot) of \(order) on the diagonal is zero"
        case .outOfMemory(let order): "LAPACK could not allocate its workspace for a matrix of order \(order)"
        case .cancelled: "cancelled"
        }
    }
}

/// LAPACKE's own codes for "could not allocate" (lapacke.h: LAPACK_WORK_MEMORY_ERROR, LAPACK_TRANSPOSE_MEMORY_ERROR).
private let memoryErrors: ClosedRange<Int32> = -1011 ... -1010

/// Turns LAPACK's `info` into an error: positive is data, negative a wrong argument and so our bug.
private func check(
    _ info: Int32, _ routine: StaticString, order: Int, _ positive: (_ pivot: Int) -> FactorizationError
) throws(FactorizationError) {
    if info == 0 { return }
    if info > 0 { throw positive(Int(info) - 1) }
    if memoryErrors.contains(info) { throw .outOfMemory(order: order) }
    preconditionFailure("\(routine): argument \(-info) is wrong")
}

private func checkSquare<S>(_ a: MutableMatrixView<S>, _ routine: StaticString) {
    precondition(a.rows == a.columns, "\(routine): [\(a.rows), \(a.columns)] is not square")
}

/// Overwrites one triangle of the symmetric A with its Cholesky factor, A = L·Lᵀ (lower) or UᵀU (upper), and leaves the
/// other strict triangle alone. n³/3 flops. The pivot of an error counts from 0.
@_specialize(where S == Float)
@_specialize(where S == Double)
package func potrf<S: RealScalar>(_ triangle: Triangle, _ a: MutableMatrixView<S>) throws(FactorizationError) {
    checkSquare(a, "potrf")
    guard a.rows > 0 else { return }
    let info = ThreadLending.shared.wholeProduct {
        S._potrf(triangle, blasInt(a.rows), a.base, leading(a.leadingDimension))
    }
    try check(info, "potrf", order: a.rows) { .notPositiveDefinite(pivot: $0, order: a.rows) }
    // potrf's comparisons let NaN through on some kernels; a factor's diagonal must be positive numbers.
    for j in 0..<a.rows where !(a[j, j] > 0 && a[j, j].isFinite) {
        throw .notPositiveDefinite(pivot: j, order: a.rows)
    }
}

/// Overwrites a Cholesky factor from `potrf` with the same triangle of the inverse of the matrix it factors.
package func potri<S: RealScalar>(_ triangle: Triangle, _ a: MutableMatrixView<S>) throws(FactorizationError) {
    checkSquare(a, "potri")
    guard a.rows > 0 else { return }
    let info = ThreadLending.shared.wholeProduct {
        S._potri(triangle, blasInt(a.rows), a.base, leading(a.leadingDimension))
    }
    try check(info, "potri", order: a.rows) { .singular(pivot: $0, order: a.rows) }
}

/// Overwrites a triangular matrix with its inverse, of the same triangle. n³/3 flops.
package func trtri<S: RealScalar>(
    _ triangle: Triangle, _ diagonal: Diagonal = .stored, _ a: MutableMatrixView<S>
) throws(FactorizationError) {
    checkSquare(a, "trtri")
    guard a.rows > 0 else { return }
    let info = ThreadLending.shared.wholeProduct {
        S._trtri(triangle, diagonal, blasInt(a.rows), a.base, leading(a.leadingDimension))
    }
    try check(info, "trtri", order: a.rows) { .singular(pivot: $0, order: a.rows) }
}
