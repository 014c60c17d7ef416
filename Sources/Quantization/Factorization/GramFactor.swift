import AdaDimLinearAlgebra

/// The reverse Cholesky factor of a damped Gram matrix: H + λI = V·Vᵀ with V [in, in] **upper** triangular. One
/// factorization, n³/3 flops, in place of the usual Cholesky → inverse → Cholesky.
///
/// F = V·diag(V)⁻¹ is what the sweep propagates errors with, and U = V⁻¹ is GPTQ's inverse-Hessian factor
/// (``InverseHessianFactor``). Shared by all layers that see the same inputs.
public struct GramFactor<Scalar: RealScalar>: Sendable {
    /// V in the upper triangle. The strict lower triangle still holds H, for ``diagonal`` has the rest of it.
    package let storage: Matrix<Scalar>
    /// Diagonal of H, undamped, in the factor's order.
    package let diagonal: [Scalar]
    /// What was added to each diagonal element, in the factor's order.
    package let ridge: [Scalar]
    /// Input that stands at each position of the factor: descending diagonal of H; nil for the order of the weight.
    public let order: [Int]?
    /// λ, in the units of H.
    public let damping: Double
    /// λ as a share of the mean diagonal of H: the one asked for, or what it had to be raised to.
    public let dampingShare: Double
    /// The share that was asked for.
    public let requestedDampingShare: Double
    /// The smaller dampings that did not do.
    public let failedAttempts: [DampingAttempt]
    /// Inputs that no token activated: zero on H's diagonal.
    public let inactiveInputs: [Int]

    /// Number of inputs.
    public var inputs: Int { storage.rows }

    /// Factors H + λI, raising λ tenfold up to the mean diagonal while there is no factor.
    /// - Parameters:
    ///   - gram: H; a caller that has no more use for it passes `consume gram`, and no second n² buffer comes to be.
    ///   - dampingShare: λ as a share of the mean diagonal of H; 0 is never raised.
    ///   - activationOrder: whether to take the inputs by descending diagonal.
    ///   - progress: called with the share of the factorization that is done; from the start again if λ is raised.
    /// - Throws: ``QuantizationError/allInputsInactive(inputs:tokens:)``,
    ///   ``QuantizationError/notPositiveDefinite(input:inputs:attempts:)``,
    ///   ``QuantizationError/invalidDamping(found:)``.
    public init(
        _ gram: consuming Gram<Scalar>, dampingShare: Double = 0.01, activationOrder: Bool = false,
        progress: (Double) -> Void = { _ in }
    ) throws(QuantizationError) {
        var given = consume gram
        try self.init(
            taking: &given, dampingShare: dampingShare, activationOrder: activationOrder, progress: progress)
    }

    /// As ``init(_:dampingShare:activationOrder:progress:)``, in the memory of `gram`, which is left without inputs.
    @_specialize(where Scalar == Float)
    @_specialize(where Scalar == Double)
    package init(
        taking gram: inout Gram<Scalar>, dampingShare: Double, activationOrder: Bool,
        progress: (Double) -> Void = { _ in }
    ) throws(QuantizationError) {
        guard dampingShare.isFinite && dampingShare >= 0 else { throw .invalidDamping(found: dampingShare) }
        let naturalDiagonal = gram.diagonal
        let mean = Scalar(naturalDiagonal.reduce(0.0) { $0 + Double($1) } / Double(max(naturalDiagonal.count, 1)))
        guard mean.isFinite else { throw .gramOverflow }
        guard mean > 0 else { throw .allInputsInactive(inputs: gram.order, tokens: gram.tokens) }

        let order = activationOrder ? Self.descendingOrder(naturalDiagonal) : nil
        let diagonal = order.map { $0.map { naturalDiagonal[$0] } } ?? naturalDiagonal
        var matrix: Matrix<Scalar>
        if let order {
            matrix = gram.permuted(by: order)
            gram = Gram(order: 0)
        } else {
            matrix = gram.takeLower()
        }

        var failed: [DampingAttempt] = []
        for share in dampingShares(from: dampingShare) {
            let ridge = AdaDimQuantization.ridge(diagonal: diagonal, mean: mean, share: share)
            let order3 = Double(diagonal.count) * Double(diagonal.count) * Double(diagonal.count)
            var done = 0.0
            do {
                try matrix.factorInReverse(diagonal: diagonal, ridge: ridge) { flops in
                    done += flops
                    progress(min(1, done / (order3 / 3)))
                }
                storage = matrix
                self.diagonal = diagonal
                self.ridge = ridge
                self.order = order
                damping = Double(Scalar(share) * mean)
                self.dampingShare = share
                requestedDampingShare = dampingShare
                failedAttempts = failed
                inactiveInputs = naturalDiagonal.indices.filter { naturalDiagonal[$0] == 0 }
                return
            } catch .notPositiveDefinite(let pivot, _) {
                failed.append(DampingAttempt(share: share, failedInput: order?[pivot] ?? pivot))
            } catch {
                throw .factorizationOutOfMemory(order: diagonal.count)
            }
        }
        throw .notPositiveDefinite(
            input: failed[failed.count - 1].failedInput, inputs: diagonal.count, attempts: failed)
    }

    /// Inputs by descending diagonal; equal ones keep their order.
    @_specialize(where Scalar == Float)
    @_specialize(where Scalar == Double)
    private static func descendingOrder(_ diagonal: [Scalar]) -> [Int] {
        diagonal.indices.sorted { (diagonal[$1], $0) < (diagonal[$0], $1) }
    }

    /// V, with zeros below the diagonal.
    @_specialize(where Scalar == Float)
    @_specialize(where Scalar == Double)
    public func upperTriangular() -> Matrix<Scalar> {
        Matrix(rows: inputs, columns: inputs) { $0 <= $1 ? storage[$0, $1] : 0 }
    }
}

extension Matrix where Element: RealScalar {
    /// Overwrites the upper triangle with V, H + ridge = V·Vᵀ, given H in the strict lower triangle and its diagonal
    /// apart. The lower triangle survives, so a failed attempt can be followed by another with a larger ridge.
    @_specialize(where Element == Float)
    @_specialize(where Element == Double)
    mutating func factorInReverse(
        diagonal: [Element], ridge: [Element], progress: (Double) -> Void
    ) throws(FactorizationError) {
        try withMutableView { (view) throws(FactorizationError) in
            view.mirrorLowerTriangle()
            for j in 0..<view.columns { view[j, j] = diagonal[j] + ridge[j] }
            try reverseCholesky(view, progress: progress)
        }
    }
}
