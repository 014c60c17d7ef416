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
        guard weight.count > 0 else { throw .emptyWeight(rows: weight.rows, columns: weight.columns) }
        guard weight.columns == factor.inputs else {
            throw .shapeMismatch(weightInputs: weight.columns, gramOrder: factor.inputs)
        }
        if let (row, column) = weight.firstNonFinite { throw .nonFiniteWeight(output: row, input: column) }

        var trial = try Trial(weight: weight, quantizer: self)
        let quantized: QuantizedMatrix =
            switch (options.dimension, options.method, options.selection) {
            case (.fixed(let dimension), let method, _): try trial.quantize(method, dimension)
            case (.adaptive, .roundToNearest, _): try trial.better(.roundToNearest)
            case (.adaptive, .gptq, .sweep): try trial.better(.gptq)
            case (.adaptive, .gptq, .roundToNearest):
                try trial.quantize(.gptq, try trial.better(.roundToNearest).dimension)
            }
        return trial.finished(quantized)
    }
}

/// The attempts at one weight, each with its loss and time.
private struct Trial<Scalar: RealScalar> {
    let weight: Matrix<Scalar>
    let quantizer: LayerQuantizer<Scalar>
    private var losses: [ChannelDimension: LayerQuantization.Losses] = [:]
    private var seconds = LayerQuantization.Seconds()
    private let outputEnergy: Double

    init(weight: Matrix<Scalar>, quantizer: LayerQuantizer<Scalar>) throws(QuantizationError) {
        self.weight = weight
        self.quantizer = quantizer
        let start = ContinuousClock.now
        outputEnergy = try quantizer.factor.loss(quantizer.factor.ordered(weight))
        seconds.reference = start.secondsUntilNow
    }

    /// Both directions by one method; the one of smaller loss, per-OC if they are equal.
    mutating func better(_ method: QuantizationOptions.Method) throws(QuantizationError) -> QuantizedMatrix {
        let perOutputChannel = try quantize(method, .perOutputChannel)
        let perInputChannel = try quantize(method, .perInputChannel)
        let (oc, ic) = (losses[.perOutputChannel]?[method], losses[.perInputChannel]?[method])
        guard let oc, let ic, ic < oc else { return perOutputChannel }
        return perInputChannel
    }

    mutating func quantize(
        _ method: QuantizationOptions.Method, _ dimension: ChannelDimension
    ) throws(QuantizationError) -> QuantizedMatrix {
        let (factor, options) = (quantizer.factor, quantizer.options)
        let layout = GroupLayout(
            rows: weight.rows, columns: weight.columns, groupSize: options.groupSize, dimension: dimension)
        let start = ContinuousClock.now
        switch method {
        case .roundToNearest:
            let (quantized, error) = try roundToNearest(weight, options.grid, layout)
            losses[dimension, default: .init()].roundToNearest = try factor.loss(factor.ordered(consume error))
            seconds.roundToNearest += start.secondsUntilNow
            return quantized
        case .gptq:
            let swept = try blockedSweep(weight, factor, options.grid, layout)
            losses[dimension, default: .init()].gptq = swept.loss
            seconds.sweep += start.secondsUntilNow
            return swept.quantized
        }
    }

    func finished(_ quantized: QuantizedMatrix) -> LayerQuantization {
        let method = quantizer.options.method
        return LayerQuantization(
            quantized: quantized, method: method, loss: losses[quantized.dimension]?[method] ?? 0,
            outputEnergy: outputEnergy, losses: losses, seconds: seconds)
    }
}
