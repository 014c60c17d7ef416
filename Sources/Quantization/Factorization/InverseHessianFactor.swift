import AdaDimLinearAlgebra

/// GPTQ's inverse-Hessian factor: U [in, in] upper triangular with (H + λI)⁻¹ = Uᵀ·U (arXiv 2210.17323, algorithm 1).
/// The fast sweep does without it; the textbook one, and the sensitivity of a weight, w²/[H⁻¹]ⱼⱼ, need it.
public struct InverseHessianFactor<Scalar: RealScalar>: Sendable {
    /// U [in, in], with zeros below the diagonal.
    public let upper: Matrix<Scalar>

    /// U = V⁻¹ from H + λI = V·Vᵀ, in the factor's order of inputs. n³/3 flops.
    /// - Throws: ``QuantizationError/factorizationOutOfMemory(order:)``, and
    ///   ``QuantizationError/notPositiveDefinite(input:inputs:attempts:)`` where a pivot has underflowed to zero.
    public init(_ factor: GramFactor<Scalar>) throws(QuantizationError) {
        var inverse = factor.upperTriangular()
        try inverse.withMutableView { (view) throws(QuantizationError) in try invertUpperTriangle(view) }
        upper = inverse
    }

    /// Diagonal of (H + λI)⁻¹, one number for each input in the factor's order: the squared norms of U's columns.
    public var inverseDiagonal: [Double] {
        upper.withView { view in (0..<view.columns).map { view.squaredNorm(column: $0) } }
    }
}

extension GramFactor {
    /// Diagonal of (H + λI)⁻¹ [in], an element for each input in the factor's order: the squared norms of the columns
    /// of V⁻¹. It is computed in the factor's own memory, without a second n² buffer, and the factor then has no
    /// inputs.
    /// - Throws: as ``InverseHessianFactor/init(_:)``.
    package mutating func takeInverseDiagonal() throws(QuantizationError) -> [Double] {
        var inverse = takeUpperTriangle()
        var diagonal = [Double](repeating: 0, count: inverse.columns)
        try inverse.withMutableView { (view) throws(QuantizationError) in
            try invertUpperTriangle(view)
            for position in 0..<view.columns {
                let column = view.reading[rows: 0..<position + 1, columns: position..<position + 1]
                diagonal[position] = column.squaredNorm
            }
        }
        return diagonal
    }
}

extension GramFactor<Float> {
    /// Diagonal of (H + λI)⁻¹ in Double [in], an element for each input in the order of the weight, from a factor of its own
    /// that is made of the same H: 8·in² bytes more for as long as it takes.
    /// - Returns: the diagonal, and λ as a share of the mean diagonal: this factor's, or as raised tenfold, because a
    ///   matrix that has a factor in Float, by rounding, may have none in Double.
    /// - Throws: as ``init(_:options:cancellation:progress:)``.
    package func inverseDiagonalInDouble() throws(QuantizationError) -> (diagonal: [Double], dampingShare: Double) {
        var gram = try gramInDouble()
        var options = QuantizationOptions.Factor()
        options.damping = dampingShare
        var factor = try GramFactor<Double>(taking: &gram, options: options)
        let found = try factor.takeInverseDiagonal()
        guard let order else { return (found, factor.dampingShare) }
        var inOrder = found
        for (position, input) in order.enumerated() { inOrder[input] = found[position] }
        return (inOrder, factor.dampingShare)
    }
}

/// Overwrites an upper triangle by its inverse; the part below it does not change.
private func invertUpperTriangle<S: RealScalar>(_ view: MutableMatrixView<S>) throws(QuantizationError) {
    do {
        try trtri(.upper, .stored, view)
    } catch {
        switch error {
        case .outOfMemory(let order): throw .factorizationOutOfMemory(order: order)
        case .cancelled: throw .cancelled
        case .singular(let pivot, let order), .notPositiveDefinite(let pivot, let order):
            throw .notPositiveDefinite(input: pivot, inputs: order, attempts: [])
        }
    }
}
