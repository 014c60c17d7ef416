import AdaDimLinearAlgebra

/// Quantizes weights that see the same inputs: one Gram matrix and one factor, any number of layers (q, k, v share
/// theirs; gate and up too).
public struct LayerQuantizer<Scalar: RealScalar>: Sendable {
    /// The factor of the damped Gram matrix [in, in].
    public let factor: GramFactor<Scalar>
    /// What every layer is quantized with.
    public let options: QuantizationOptions

    /// Factors the damped Gram matrix [in, in].
    /// - Parameters:
    ///   - gram: H; pass `consume gram` if it is no longer needed: the factor reuses its memory.
    ///   - options: what every layer is to be quantized with.
    ///   - cancellation: stops the work from another thread.
    ///   - progress: called with the share of the factorization that is done; from the start again if λ is raised.
    /// - Throws: ``QuantizationError``, for options out of range and for a Gram matrix without a factor.
    public init(
        gram: consuming Gram<Scalar>, options: QuantizationOptions, cancellation: Cancellation? = nil,
        progress: (Double) -> Void = { _ in }
    ) throws(QuantizationError) {
        try options.validate()
        factor = try GramFactor(
            consume gram, options: options.factor, cancellation: cancellation, progress: progress)
        self.options = options
    }

    /// With an existing factor, made with the damping and the activation order of the options. Other options may differ
    /// from one quantizer to the next, so 3 and 4 bits can share a factor.
    /// - Throws: ``QuantizationError/activationOrderMismatch(factorIsOrdered:)`` and
    ///   ``QuantizationError/dampingMismatch(factor:options:)`` where it was not;
    ///   ``QuantizationError/allInputsInactive(inputs:tokens:)`` where the options refuse that.
    public init(factor: GramFactor<Scalar>, options: QuantizationOptions) throws(QuantizationError) {
        try options.validate()
        try factor.check(options.factor)
        self.factor = factor
        self.options = options
    }

    /// Quantizes a weight [out, in]: searches the direction if the options leave it open, then finds the codes.
    /// - Parameters:
    ///   - weight: W [out, in].
    ///   - cancellation: stops the work from another thread.
    ///   - progress: called with the share of the flops that is done, from any thread, one call at a time.
    /// - Returns: codes, scales, zero points, the direction, and the losses of the directions tried.
    /// - Throws: ``QuantizationError``; among others ``QuantizationError/nonFiniteWeight(output:input:)`` and
    ///   ``QuantizationError/scaleOverflow(scaleType:row:column:)``.
    public func quantize(
        _ weight: Matrix<Scalar>, cancellation: Cancellation? = nil,
        progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) throws(QuantizationError) -> LayerQuantization {
        try quantize(weight, threads: BLASLibrary.threadCount, cancellation: cancellation, progress: progress)
    }

    /// As ``quantize(_:cancellation:progress:)``, by the count of threads that the caller has read.
    package func quantize(
        _ weight: Matrix<Scalar>, threads: Int, cancellation: Cancellation? = nil,
        progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) throws(QuantizationError) -> LayerQuantization {
        var layer = try PanelledLayer(
            rows: weight.rows, columns: weight.columns, panelRows: weight.rows, quantizer: self, threads: threads,
            cancellation: cancellation, progress: progress)
        while layer.nextRows != nil { try layer.add(weight) }
        return try layer.finished()
    }
}
