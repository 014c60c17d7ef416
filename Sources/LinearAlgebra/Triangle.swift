/// Which triangle of a square matrix an operation reads or writes, diagonal included.
///
///     upper      lower
///     a c e      a . .
///     . d f      b d .
///     . . g      c e g
public enum Triangle: Sendable { case lower, upper }

/// Whether an operand enters a product as it is or transposed.
public enum Transpose: Sendable { case none, transposed }

/// Whether the diagonal of a triangular operand is stored, or known to be one and never read.
public enum Diagonal: Sendable { case stored, unit }

/// The side of a product on which a symmetric or triangular operand stands.
public enum Side: Sendable { case left, right }
