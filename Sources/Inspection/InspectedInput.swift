import AdaDimLinearAlgebra
import AdaDimQuantization

/// What is known of the inputs that some layers share: all that their weights are held against.
package struct InspectedInput: Sendable {
    /// Of each channel.
    package let activations: ActivationFigures
    /// The channels that are outliers, ascending.
    package let outliers: [Int]
    /// Hⱼⱼ [in].
    package let hessianDiagonal: [Double]
    /// [(H+λI)⁻¹]ⱼⱼ [in], from a factor in Double.
    package let inverseDiagonal: [Double]
    /// The factor in Float, with which the layers are quantized.
    package let factor: GramFactor<Float>

    /// - Parameters:
    ///   - gram: H of these inputs; its memory becomes the factor's.
    ///   - activations: of the same inputs.
    /// - Throws: ``GramError``, ``QuantizationError``.
    package init(
        taking gram: inout Gram<Float>, _ activations: ActivationFigures, thresholds: OutlierThresholds,
        options: QuantizationOptions
    ) throws {
        precondition(activations.largestMagnitude.count == gram.order, "figures of other inputs")
        self.activations = activations
        outliers = activations.outliers(thresholds)
        hessianDiagonal = gram.diagonal.map(Double.init)
        var wide = try gram.widened()
        factor = try GramFactor(
            taking: &gram, dampingShare: options.damping, activationOrder: options.activationOrder)
        // The same damping for both, should it have been raised.
        var wideFactor = try GramFactor(
            taking: &wide, dampingShare: factor.dampingShare, activationOrder: false)
        inverseDiagonal = try wideFactor.takeInverseDiagonal()
    }

    /// d of s = d·w² for each input [in].
    package func factors(_ measure: SensitivityMeasure) -> [Double] {
        switch measure {
        case .inverseHessian: inverseDiagonal.map { 1 / $0 }
        case .hessianDiagonal: hessianDiagonal
        }
    }
}
