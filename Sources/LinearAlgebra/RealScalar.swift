/// A real number that BLAS and LAPACK have routines for: `Float` or `Double`.
///
/// `Float` is what the engine is fast in. `Double` takes twice the memory and the portable loops; it is for checks.
///
/// The requirements are the raw routines, without any check, one line each in `Float+Routines.swift` and
/// `Double+Routines.swift`. They are not for callers of the engine, whose own wrappers check their arguments
/// (`Products.swift`, `TriangularProducts.swift`, `Cholesky.swift`), and no other type need conform.
///
/// | routine | does |
/// |---|---|
/// | gemm | C ← α·op(A)·op(B) + β·C |
/// | syrk | C ← α·A·Aᵀ + β·C, one triangle |
/// | symm | C ← α·A·B + β·C with A symmetric |
/// | trmm | B ← α·op(A)·B with A triangular |
/// | trsm | B ← α·op(A)⁻¹·B with A triangular |
/// | potrf | A = L·Lᵀ or UᵀU |
/// | potri | A⁻¹ from its Cholesky factor |
/// | trtri | A⁻¹ with A triangular |
public protocol RealScalar: BinaryFloatingPoint, BitwiseCopyable, Codable, Sendable, SIMDScalar {
    static func _gemm(
        _ transposeA: Transpose, _ transposeB: Transpose, _ m: Int32, _ n: Int32, _ k: Int32, _ alpha: Self,
        _ a: UnsafePointer<Self>, _ lda: Int32, _ b: UnsafePointer<Self>, _ ldb: Int32, _ beta: Self,
        _ c: UnsafeMutablePointer<Self>, _ ldc: Int32)
    static func _syrk(
        _ triangle: Triangle, _ transpose: Transpose, _ n: Int32, _ k: Int32, _ alpha: Self,
        _ a: UnsafePointer<Self>, _ lda: Int32, _ beta: Self, _ c: UnsafeMutablePointer<Self>, _ ldc: Int32)
    static func _symm(
        _ side: Side, _ triangle: Triangle, _ m: Int32, _ n: Int32, _ alpha: Self, _ a: UnsafePointer<Self>,
        _ lda: Int32, _ b: UnsafePointer<Self>, _ ldb: Int32, _ beta: Self, _ c: UnsafeMutablePointer<Self>,
        _ ldc: Int32)
    static func _trmm(
        _ side: Side, _ triangle: Triangle, _ transpose: Transpose, _ diagonal: Diagonal, _ m: Int32, _ n: Int32,
        _ alpha: Self, _ a: UnsafePointer<Self>, _ lda: Int32, _ b: UnsafeMutablePointer<Self>, _ ldb: Int32)
    static func _trsm(
        _ side: Side, _ triangle: Triangle, _ transpose: Transpose, _ diagonal: Diagonal, _ m: Int32, _ n: Int32,
        _ alpha: Self, _ a: UnsafePointer<Self>, _ lda: Int32, _ b: UnsafeMutablePointer<Self>, _ ldb: Int32)
    static func _potrf(_ triangle: Triangle, _ n: Int32, _ a: UnsafeMutablePointer<Self>, _ lda: Int32) -> Int32
    static func _potri(_ triangle: Triangle, _ n: Int32, _ a: UnsafeMutablePointer<Self>, _ lda: Int32) -> Int32
    static func _trtri(
        _ triangle: Triangle, _ diagonal: Diagonal, _ n: Int32, _ a: UnsafeMutablePointer<Self>, _ lda: Int32
    ) -> Int32
}
