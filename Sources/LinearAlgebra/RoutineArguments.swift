import COpenBLAS

// How the enums of Triangle.swift are spelled in CBLAS (constants) and in LAPACK (characters).

extension Triangle {
    var cblas: CBLAS_UPLO { self == .lower ? CblasLower : CblasUpper }
    var lapack: CChar { self == .lower ? CChar(UInt8(ascii: "L")) : CChar(UInt8(ascii: "U")) }
}

extension Transpose {
    var cblas: CBLAS_TRANSPOSE { self == .none ? CblasNoTrans : CblasTrans }
}

extension Diagonal {
    var cblas: CBLAS_DIAG { self == .stored ? CblasNonUnit : CblasUnit }
    var lapack: CChar { self == .stored ? CChar(UInt8(ascii: "N")) : CChar(UInt8(ascii: "U")) }
}

extension Side {
    var cblas: CBLAS_SIDE { self == .left ? CblasLeft : CblasRight }
}

/// A dimension as BLAS takes it.
/// - Precondition: it fits in 32 bits; no matrix of this engine comes near (2³¹ rows of floats are 8 GB a column).
func blasInt(_ value: Int) -> Int32 {
    precondition(value <= Int(Int32.max), "a dimension of \(value) does not fit BLAS's 32-bit integers")
    return Int32(value)
}

/// A leading dimension as BLAS takes it: at least one, even for an empty matrix.
func leading(_ value: Int) -> Int32 { blasInt(max(value, 1)) }
