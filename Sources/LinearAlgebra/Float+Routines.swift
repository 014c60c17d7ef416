import CLAPACKE
import COpenBLAS

extension Float: RealScalar {
    public static func _gemm(
        _ transposeA: Transpose, _ transposeB: Transpose, _ m: Int32, _ n: Int32, _ k: Int32, _ alpha: Float,
        _ a: UnsafePointer<Float>, _ lda: Int32, _ b: UnsafePointer<Float>, _ ldb: Int32, _ beta: Float,
        _ c: UnsafeMutablePointer<Float>, _ ldc: Int32
    ) {
        cblas_sgemm(CblasColMajor, transposeA.cblas, transposeB.cblas, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
    }

    public static func _syrk(
        _ triangle: Triangle, _ transpose: Transpose, _ n: Int32, _ k: Int32, _ alpha: Float,
        _ a: UnsafePointer<Float>, _ lda: Int32, _ beta: Float, _ c: UnsafeMutablePointer<Float>, _ ldc: Int32
    ) {
        cblas_ssyrk(CblasColMajor, triangle.cblas, transpose.cblas, n, k, alpha, a, lda, beta, c, ldc)
    }

    public static func _symm(
        _ side: Side, _ triangle: Triangle, _ m: Int32, _ n: Int32, _ alpha: Float, _ a: UnsafePointer<Float>,
        _ lda: Int32, _ b: UnsafePointer<Float>, _ ldb: Int32, _ beta: Float, _ c: UnsafeMutablePointer<Float>,
        _ ldc: Int32
    ) {
        cblas_ssymm(CblasColMajor, side.cblas, triangle.cblas, m, n, alpha, a, lda, b, ldb, beta, c, ldc)
    }

    public static func _trmm(
        _ side: Side, _ triangle: Triangle, _ transpose: Transpose, _ diagonal: Diagonal, _ m: Int32, _ n: Int32,
        _ alpha: Float, _ a: UnsafePointer<Float>, _ lda: Int32, _ b: UnsafeMutablePointer<Float>, _ ldb: Int32
    ) {
        cblas_strmm(
            CblasColMajor, side.cblas, triangle.cblas, transpose.cblas, diagonal.cblas, m, n, alpha, a, lda, b, ldb)
    }

    public static func _trsm(
        _ side: Side, _ triangle: Triangle, _ transpose: Transpose, _ diagonal: Diagonal, _ m: Int32, _ n: Int32,
        _ alpha: Float, _ a: UnsafePointer<Float>, _ lda: Int32, _ b: UnsafeMutablePointer<Float>, _ ldb: Int32
    ) {
        cblas_strsm(
            CblasColMajor, side.cblas, triangle.cblas, transpose.cblas, diagonal.cblas, m, n, alpha, a, lda, b, ldb)
    }

    // The `_work` forms skip LAPACKE's scan for NaN, an n² pass: the callers have looked already.

    public static func _potrf(_ triangle: Triangle, _ n: Int32, _ a: UnsafeMutablePointer<Float>, _ lda: Int32) -> Int32
    {
        LAPACKE_spotrf_work(LAPACK_COL_MAJOR, triangle.lapack, n, a, lda)
    }

    public static func _potri(_ triangle: Triangle, _ n: Int32, _ a: UnsafeMutablePointer<Float>, _ lda: Int32) -> Int32
    {
        LAPACKE_spotri_work(LAPACK_COL_MAJOR, triangle.lapack, n, a, lda)
    }

    public static func _trtri(
        _ triangle: Triangle, _ diagonal: Diagonal, _ n: Int32, _ a: UnsafeMutablePointer<Float>, _ lda: Int32
    ) -> Int32 {
        LAPACKE_strtri_work(LAPACK_COL_MAJOR, triangle.lapack, diagonal.lapack, n, a, lda)
    }
}
