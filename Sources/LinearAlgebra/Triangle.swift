/// Which triangle of a square matrix an operation reads or writes, diagonal included.
///
///     upper      lower
///     a c e      a . .
///     . d f      b d .
///     . . g      c e g
public enum Triangle: Sendable {
    /// Elements (i, j) with i ≥ j.
    case lower
    /// Elements (i, j) with i ≤ j.
    case upper
}

/// Whether an operand enters a product as it is or transposed.
public enum Transpose: Sendable {
    /// As it is, op(A) = A.
    case none
    /// op(A) = Aᵀ.
    case transposed
}

/// Whether the diagonal of a triangular operand is stored, or known to be one and never read.
public enum Diagonal: Sendable {
    /// Read from the matrix.
    case stored
    /// All ones; what the matrix holds there is not read.
    case unit
}

/// The side of a product on which a symmetric or triangular operand stands.
public enum Side: Sendable {
    /// A·B.
    case left
    /// B·A.
    case right
}
