import AdaDimLinearAlgebra
import AdaDimQuantization

extension GramFactor {
    /// As the plain method has it.
    init(
        _ gram: consuming Gram<Scalar>, dampingShare: Double = 0.01, activationOrder: Bool = false
    ) throws(QuantizationError) {
        var options = QuantizationOptions.fast.factor
        options.damping = dampingShare
        options.activationOrder = activationOrder
        try self.init(consume gram, options: options)
    }
}
