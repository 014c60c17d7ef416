import AdaDimLinearAlgebra

/// The reverse Cholesky factor of a damped Gram matrix: H + λI = V·Vᵀ with V [in, in] **upper** triangular. One
/// factorization, n³/3 flops, in place of the usual Cholesky → inverse → Cholesky.
///
/// F = V·diag(V)⁻¹ is what the sweep propagates errors with, and U = V⁻¹ is GPTQ's inverse-Hessian factor
/// (``InverseHessianFactor``). Shared by all layers that see the same inputs.
public struct GramFactor<Scalar: RealScalar>: Sendable {
    /// V in the upper triangle. The strict lower triangle still holds H, whose diagonal is apart.
    private var storage: Matrix<Scalar>
    /// Diagonal of H, undamped, in the factor's order. [in, 1]
    package let diagonal: Matrix<Scalar>
    /// What was added to each diagonal element, in the factor's order. [in, 1]
    package let ridge: Matrix<Scalar>
    /// Diagonal of H + λI, in the factor's order. [in, 1]
    private let dampedDiagonal: Matrix<Scalar>
    /// The weights of squared errors in MSE clipping for each input, in the factor's order: diag(H), and for a dead
    /// column, whose errors would not count at all, its pivot. [in, 1]
    package let importance: Matrix<Scalar>
    /// The input at each position of the factor, [in, 1]; nil for the order of the weight.
    package let positions: Matrix<Int>?
    /// How many tokens H sums up.
    package let tokens: Int
    /// λ, in the units of H.
    public let damping: Double
    /// λ as a share of the mean diagonal of H: as requested, or as raised.
    public let dampingShare: Double
    /// The requested share.
    public let requestedDampingShare: Double
    /// The smaller dampings that did not do, in the order of the attempts; empty where the first one did.
    public let failedAttempts: [DampingAttempt]

    /// Number of inputs.
    public var inputs: Int { storage.rows }
    /// Input that stands at each position of the factor: descending diagonal of H; nil for the order of the weight.
    public var order: [Int]? { positions?.columnMajorElements }
    /// Inputs that no token activated: zero on H's diagonal; all of them where ``hasActiveInputs`` is false. Ascending,
    /// counted as the weight's columns.
    public var inactiveInputs: [Int] {
        (0..<inputs).filter { isInactive($0) }.map { positions?[$0, 0] ?? $0 }.sorted()
    }
    /// How many ``inactiveInputs`` there are.
    public var inactiveInputCount: Int { (0..<inputs).count { isInactive($0) } }
    /// Whether any token activated any input, as ``Gram/hasActiveInputs`` has it. Where none did, no weight loses anything: each
    /// counts alike in what is rounded, as though H were the identity.
    public let hasActiveInputs: Bool

    private func isInactive(_ position: Int) -> Bool { !hasActiveInputs || diagonal[position, 0] == 0 }

    /// ``importance`` [in, 1] in the order of the weight.
    var importanceInOrder: Matrix<Scalar> {
        guard let positions else { return importance }
        var inOrder = importance
        for position in 0..<inputs { inOrder[positions[position, 0], 0] = importance[position, 0] }
        return inOrder
    }

    /// Factors H + λI, raising λ tenfold up to the mean diagonal while there is no factor. The factor of an H of zeros,
    /// of tokens that activated no input, is the identity, and λ is zero.
    /// - Parameters:
    ///   - gram: H; a caller that no longer needs it passes `consume gram`, which avoids a second n² buffer.
    ///   - options: damping and order; a damping of 0 is never raised.
    ///   - cancellation: stops the work from another thread.
    ///   - progress: called with the share of the factorization that is done; from the start again if λ is raised.
    /// - Throws: ``QuantizationError/allInputsInactive(inputs:tokens:)`` where no token has come, or where none activated an input
    ///   and the options refuse that; ``QuantizationError/gramOverflow``,
    ///   ``QuantizationError/notPositiveDefinite(input:inputs:attempts:)``,
    ///   ``QuantizationError/settingOutOfRange(_:found:expected:)``, ``QuantizationError/outOfMemory(_:)``,
    ///   ``QuantizationError/cancelled``.
    public init(
        _ gram: consuming Gram<Scalar>, options: QuantizationOptions.Factor, cancellation: Cancellation? = nil,
        progress: (Double) -> Void = { _ in }
    ) throws(QuantizationError) {
        var given = consume gram
        try self.init(taking: &given, options: options, cancellation: cancellation, progress: progress)
    }

    /// As ``init(_:options:cancellation:progress:)``, in the memory of `gram`, which is left without inputs.
    @_specialize(where Scalar == Float)
    @_specialize(where Scalar == Double)
    package init(
        taking gram: inout Gram<Scalar>, options: QuantizationOptions.Factor, cancellation: Cancellation? = nil,
        progress: (Double) -> Void = { _ in }
    ) throws(QuantizationError) {
        try options.validate()
        do { try ProductBuffers.reserve() } catch { throw .outOfMemory(error) }
        var (mean, diagonal) = try Self.checked(gram)
        let (inputs, tokens, isActive) = (diagonal.rows, gram.tokens, mean > 0)
        if !isActive && options.refusesInactiveLayers { throw .allInputsInactive(inputs: inputs, tokens: tokens) }
        var positions: Matrix<Int>?
        var matrix: Matrix<Scalar>
        do {
            if options.activationOrder {
                let order = try diagonal.descendingOrder()
                matrix = try gram.permuted(by: order)
                _ = gram.takeLower()
                diagonal = try matrix.diagonalColumn()
                positions = order
            } else {
                matrix = gram.takeLower()
            }
        } catch {
            throw .outOfMemory(error)
        }

        let flopsOfAll = Double(inputs) * Double(inputs) * Double(inputs) / 3
        var failed: [DampingAttempt] = []
        for share in options.dampingShares {
            let ridge =
                isActive
                ? try AdaDimQuantization.ridge(diagonal: diagonal, mean: mean, share: share)
                : try diagonal.converted { _ in 1 }
            var done = 0.0
            do {
                try matrix.factorInReverse(diagonal: diagonal, ridge: ridge) { (flops) throws(FactorizationError) in
                    if cancellation?.isCancelled ?? false { throw .cancelled }
                    done += flops
                    progress(min(1, done / flopsOfAll))
                }
                storage = matrix
                self.diagonal = diagonal
                self.ridge = ridge
                dampedDiagonal = Self.sum(diagonal, ridge)
                importance = isActive ? Self.importance(diagonal: diagonal, ridge: ridge) : ridge
                self.positions = positions
                self.tokens = tokens
                hasActiveInputs = isActive
                damping = Double(Scalar(share) * mean)
                self.dampingShare = share
                requestedDampingShare = options.damping
                failedAttempts = failed
                return
            } catch .notPositiveDefinite(let pivot, _) {
                failed.append(DampingAttempt(share: share, failedInput: positions?[pivot, 0] ?? pivot))
            } catch .cancelled {
                throw .cancelled
            } catch {
                throw .factorizationOutOfMemory(order: inputs)
            }
        }
        throw .notPositiveDefinite(input: failed[failed.count - 1].failedInput, inputs: inputs, attempts: failed)
    }

    /// The mean of H's diagonal, zero where no input is active, and the diagonal [in, 1].
    private static func checked(
        _ gram: borrowing Gram<Scalar>
    ) throws(QuantizationError) -> (mean: Scalar, diagonal: Matrix<Scalar>) {
        let diagonal: Matrix<Scalar>
        do { diagonal = try gram.diagonalColumn() } catch { throw .outOfMemory(error) }
        let sum = (0..<diagonal.rows).reduce(0.0) { $0 + Double(diagonal[$1, 0]) }
        let mean = Scalar(sum / Double(max(diagonal.rows, 1)))
        guard mean.isFinite else { throw .gramOverflow }
        if gram.hasActiveInputs { return (mean, diagonal) }
        guard gram.tokens > 0 && gram.order > 0 else {
            throw .allInputsInactive(inputs: gram.order, tokens: gram.tokens)
        }
        if sum == 0, let input = gram.firstInputBesideZeroDiagonal {
            throw .notPositiveDefinite(input: input, inputs: gram.order, attempts: [])
        }
        return (0, diagonal)
    }

    /// Refuses a factor that was made with other options, or without an active input where the options refuse that.
    func check(_ options: QuantizationOptions.Factor) throws(QuantizationError) {
        guard (positions != nil) == options.activationOrder else {
            throw .activationOrderMismatch(factorIsOrdered: positions != nil)
        }
        guard requestedDampingShare == options.damping else {
            throw .dampingMismatch(factor: requestedDampingShare, options: options.damping)
        }
        if options.refusesInactiveLayers && !hasActiveInputs {
            throw .allInputsInactive(inputs: inputs, tokens: tokens)
        }
    }

    private static func sum(_ diagonal: Matrix<Scalar>, _ ridge: Matrix<Scalar>) -> Matrix<Scalar> {
        var sum = diagonal
        for position in 0..<diagonal.rows { sum[position, 0] += ridge[position, 0] }
        return sum
    }

    private static func importance(diagonal: Matrix<Scalar>, ridge: Matrix<Scalar>) -> Matrix<Scalar> {
        var importance = diagonal
        for position in 0..<diagonal.rows where diagonal[position, 0] == 0 {
            importance[position, 0] = ridge[position, 0]
        }
        return importance
    }

    /// Lends V [in, in], in the factor's order. Only the upper triangle counts: below it lies something else.
    func withUpperTriangle<Result, Failure: Error>(
        _ body: (MatrixView<Scalar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try storage.withView(body)
    }

    /// Lends H + λI [in, in], in the factor's order.
    func withDampedGram<Result, Failure: Error>(
        _ body: (DampedGram<Scalar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try storage.withView { (storage) throws(Failure) in
            try dampedDiagonal.withView { (diagonal) throws(Failure) in
                try body(DampedGram(storage: storage, diagonal: diagonal))
            }
        }
    }

    /// Takes V [in, in] out of the factor, which is left without inputs. Only the upper triangle counts.
    mutating func takeUpperTriangle() -> Matrix<Scalar> {
        var taken = Matrix<Scalar>(uninitialized: 0, 0)
        swap(&taken, &storage)
        return taken
    }

    /// V [in, in], with zeros below the diagonal, its rows and columns in the factor's ``order``: a copy.
    @_specialize(where Scalar == Float)
    @_specialize(where Scalar == Double)
    public func upperTriangular() -> Matrix<Scalar> {
        Matrix(rows: inputs, columns: inputs) { $0 <= $1 ? storage[$0, $1] : 0 }
    }
}

extension GramFactor<Float> {
    /// H in Double, undamped, in the factor's order: 8·in² bytes.
    func gramInDouble() throws(QuantizationError) -> Gram<Double> {
        do { return try storage.widenedGram(diagonal: diagonal, tokens: tokens) } catch { throw .outOfMemory(error) }
    }
}

extension Matrix where Element: RealScalar {
    /// Overwrites the upper triangle with V, H + ridge = V·Vᵀ, given H in the strict lower triangle and its diagonal
    /// apart. The lower triangle survives, so a failed attempt can be followed by another with a larger ridge.
    @_specialize(where Element == Float)
    @_specialize(where Element == Double)
    mutating func factorInReverse(
        diagonal: Matrix<Element>, ridge: Matrix<Element>, progress: (Double) throws(FactorizationError) -> Void
    ) throws(FactorizationError) {
        try withMutableView { (view) throws(FactorizationError) in
            view.mirrorLowerTriangle()
            for j in 0..<view.columns { view[j, j] = diagonal[j, 0] + ridge[j, 0] }
            try reverseCholesky(view, progress: progress)
        }
    }
}
