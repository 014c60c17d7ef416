/// The Gram matrix H = X·Xᵀ [in, in] of a linear layer's calibration inputs X [in, tokens], also called "Hessian" in
/// GPTQ (arXiv 2210.17323). Symmetric: only the lower triangle is accumulated, by `syrk`, in half of a product's flops.
public struct Gram<Scalar: RealScalar>: Sendable {
    /// Lower triangle of H; the strict upper triangle holds nothing of meaning.
    package internal(set) var lower: Matrix<Scalar>
    /// How many input vectors have entered.
    public private(set) var tokens: Int

    /// Number of inputs, the order of H.
    public var order: Int { lower.rows }

    /// The Gram matrix of no tokens, all zero.
    /// - Precondition: `order` is not negative.
    /// - Throws: ``GramError/outOfMemory(_:)``.
    public init(order: Int) throws(GramError) {
        do { lower = try Matrix(zeros: order, order) } catch { throw .outOfMemory(error) }
        tokens = 0
    }

    init(lower: Matrix<Scalar>, tokens: Int) {
        self.lower = lower
        self.tokens = tokens
    }

    /// A Gram matrix [in, in] computed elsewhere, of which the lower triangle is used.
    /// - Parameters:
    ///   - matrix: H. Both triangles must be finite. A sum over the tokens, so that losses are sums too; a mean in its
    ///     place changes them by that factor, and relative losses and codes in nothing but rounding.
    ///   - tokens: how many input vectors it sums up.
    /// - Throws: ``GramError/negativeTokens(found:)``, ``GramError/notSquare(rows:columns:)``,
    ///   ``GramError/nonFinite(input:other:)``, ``GramError/negativeDiagonal(input:value:)``.
    @_specialize(where Scalar == Float)
    @_specialize(where Scalar == Double)
    public init(_ matrix: Matrix<Scalar>, tokens: Int) throws(GramError) {
        guard tokens >= 0 else { throw .negativeTokens(found: tokens) }
        guard matrix.rows == matrix.columns else { throw .notSquare(rows: matrix.rows, columns: matrix.columns) }
        if let (row, column) = matrix.withView({ $0.firstNonFiniteInLowerTriangle }) {
            throw .nonFinite(input: row, other: column)
        }
        for j in 0..<matrix.columns where matrix[j, j] < 0 {
            throw .negativeDiagonal(input: j, value: Double(matrix[j, j]))
        }
        lower = matrix
        self.tokens = tokens
    }

    /// Adds X·Xᵀ for a batch of inputs, one token a column: [in, tokens].
    /// - Throws: ``GramError/wrongHeight(found:expected:)``, ``GramError/nonFiniteActivation(input:token:)`` for the
    ///   first NaN or infinity, ``GramError/tooManyTokens``; nothing is added then.
    /// - Complexity: in²·tokens flops, by `syrk` on all threads.
    public mutating func accumulate(_ activations: Matrix<Scalar>) throws(GramError) {
        try activations.withView { (view) throws(GramError) in try accumulate(view) }
    }

    package mutating func accumulate(_ activations: MatrixView<Scalar>) throws(GramError) {
        guard activations.rows == order else { throw .wrongHeight(found: activations.rows, expected: order) }
        if let (row, column) = activations.firstNonFinite {
            throw .nonFiniteActivation(input: row, token: tokens + column)
        }
        _ = try tokens(adding: activations.columns)
        do { try ProductBuffers.reserve() } catch { throw .outOfMemory(error) }
        accumulate(finite: activations)
    }

    /// As ``accumulate(_:)-(Matrix<Scalar>)`` for inputs [order, tokens] that were checked before. If one is NaN or
    /// infinite all the same, so is the diagonal, and there is no factor.
    package mutating func accumulate(finite activations: MatrixView<Scalar>) {
        precondition(activations.rows == order, "\(activations.rows) inputs for a Gram matrix of order \(order)")
        guard activations.columns > 0 else { return }
        lower.withMutableView { syrk(.lower, 1, activations, .none, 1, $0) }
        tokens += activations.columns
    }

    /// The number of tokens when so many more have entered.
    func tokens(adding more: Int) throws(GramError) -> Int {
        let (sum, overflow) = tokens.addingReportingOverflow(more)
        if overflow { throw .tooManyTokens }
        return sum
    }

    mutating func count(_ tokens: Int) { self.tokens = tokens }

    /// Diagonal of H, one number for each input: Σ over the tokens of the input's square.
    public var diagonal: [Scalar] { (0..<order).map { lower[$0, $0] } }

    /// The first input with a number other than zero in its row, of a matrix whose diagonal is zero: no X·Xᵀ has one.
    package var firstInputBesideZeroDiagonal: Int? {
        lower.withView { lower in
            (0..<order).first { j in
                let column = lower.column(j)
                return (j + 1..<max(j + 1, order)).contains { column[$0] != 0 }
            }
        }
    }

    /// Whether any token activated any input: whether the mean of H's diagonal is a normal number of its type. Sums below
    /// that, of inputs under some 10⁻¹⁹ in `Float`, have lost the digits of their squares, and count as zero.
    public var hasActiveInputs: Bool {
        @_specialize(where Scalar == Float)
        @_specialize(where Scalar == Double)
        get {
            let sum = (0..<order).reduce(0.0) { $0 + Double(lower[$1, $1]) }
            return !(sum / Double(max(order, 1)) < Double(Scalar.leastNormalMagnitude))
        }
    }

    /// The whole symmetric matrix [in, in], both triangles filled: a copy.
    public func symmetric() -> Matrix<Scalar> {
        var full = lower
        full.withMutableView { $0.mirrorLowerTriangle() }
        return full
    }
}

/// Errors in activations or in a given Gram matrix.
public enum GramError: Error, Equatable, CustomStringConvertible, Sendable {
    /// Activations of another number of inputs than the Gram matrix.
    case wrongHeight(found: Int, expected: Int)
    /// A NaN or an infinity in an activation; tokens are counted over all batches so far.
    case nonFiniteActivation(input: Int, token: Int)
    /// A matrix that cannot be a Gram matrix for its shape.
    case notSquare(rows: Int, columns: Int)
    /// A NaN or an infinity in a Gram matrix.
    case nonFinite(input: Int, other: Int)
    /// A negative number where a sum of squares belongs.
    case negativeDiagonal(input: Int, value: Double)
    /// A Gram matrix of another order than the one that it is to be added to.
    case wrongOrder(found: Int, expected: Int)
    /// Bytes that are not tokens·inputs numbers; nothing is expected where no integer counts them.
    case wrongByteCount(found: Int, tokens: Int, inputs: Int, expected: Int?)
    /// A number of tokens below zero.
    case negativeTokens(found: Int)
    /// More tokens than an integer counts.
    case tooManyTokens
    /// No memory for the matrix, or for a batch that is widened on its way in.
    case outOfMemory(OutOfMemory)

    /// What was found and what was expected, as a line to show.
    public var description: String {
        switch self {
        case .wrongHeight(let found, let expected):
            "activations have \(found) inputs, expected \(expected)"
        case .nonFiniteActivation(let input, let token):
            "activations hold NaN or infinity at input \(input), token \(token)"
        case .notSquare(let rows, let columns): "a Gram matrix is square, found [\(rows), \(columns)]"
        case .nonFinite(let input, let other):
            "the Gram matrix holds NaN or infinity at [\(input), \(other)]"
        case .negativeDiagonal(let input, let value):
            "the Gram matrix has \(value) at input \(input) of its diagonal, expected a sum of squares"
        case .wrongOrder(let found, let expected):
            "a Gram matrix of \(found) inputs cannot be added to one of \(expected)"
        case .wrongByteCount(let found, let tokens, let inputs, let expected):
            "\(tokens) tokens of \(inputs) inputs come in \(found) bytes, expected "
                + (expected.map { "\($0)" } ?? "a number of tokens whose bytes can be counted")
        case .negativeTokens(let found): "a Gram matrix of \(found) tokens, expected 0 or more"
        case .tooManyTokens: "more tokens than can be counted, expected fewer than 2^63"
        case .outOfMemory(let error): "\(error) of a Gram matrix or its inputs"
        }
    }
}
