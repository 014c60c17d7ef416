import AdaDimLinearAlgebra

/// Quantizes weights that see the same inputs: one Gram matrix and one factor, any number of layers (q, k, v share
/// theirs; gate and up too).
public struct LayerQuantizer<Scalar: RealScalar>: Sendable {
    public let factor: GramFactor<Scalar>
    public let options: QuantizationOptions

    /// Factors the damped Gram matrix [in, in].
    /// - Throws: ``QuantizationError``, for options out of range and for a Gram matrix without a factor.
    public init(gram: consuming Gram<Scalar>, options: QuantizationOptions) throws(QuantizationError) {
        try options.validate()
        factor = try GramFactor(consume gram, dampingShare: options.damping, activationOrder: options.activationOrder)
        self.options = options
    }

    /// With a factor at hand already, made with the damping and the activation order of the options.
    /// - Throws: ``QuantizationError/activationOrderMismatch(factorIsOrdered:)`` and
    ///   ``QuantizationError/dampingMismatch(factor:options:)`` where it was not.
    public init(factor: GramFactor<Scalar>, options: QuantizationOptions) throws(QuantizationError) {
        try options.validate()
        guard (factor.order != nil) == options.activationOrder else {
            throw .activationOrderMismatch(factorIsOrdered: factor.order != nil)
        }
        guard factor.requestedDampingShare == options.damping else {
            throw .dampingMismatch(factor: factor.requestedDampingShare, options: options.damping)
        }
        self.factor = factor
        self.options = options
    }

    /// Quantizes a weight [out, in]: searches the direction if the options leave it open, then finds the codes.
    /// - Throws: ``QuantizationError``.
    public func quantize(_ weight: Matrix<Scalar>) throws(QuantizationError) -> LayerQuantization {
        var layer = try PanelledLayer(
            rows: weight.rows, columns: weight.columns, panelRows: weight.rows, quantizer: self)
        while layer.nextRows != nil { try layer.add(weight) }
        return layer.finished()
    }
}
