import AdaDimLinearAlgebra
import AdaDimQuantization

/// The figures of the inputs that some layers share, with which their weights are evaluated.
package struct InspectedInput: Sendable {
    /// Of each channel.
    package let activations: ActivationFigures
    /// The channels that are outliers, ascending.
    package let outliers: [Int]
    /// Hⱼⱼ [in].
    package let hessianDiagonal: [Double]
    /// [(H+λI)⁻¹]ⱼⱼ [in], from a factor in Double. Of an input that was never active 1/λ, or, without damping, a number
    /// without meaning.
    package let inverseDiagonal: [Double]
    /// λ of that factor as a share of H's mean diagonal: that of ``factor``, or more where Double found no factor with it.
    package let inverseDampingShare: Double
    /// The factor in Float, with which the layers are quantized.
    package let factor: GramFactor<Float>

    /// - Parameters:
    ///   - gram: H of these inputs; its memory is reused for the factor.
    ///   - activations: of the same inputs.
    /// - Throws: ``QuantizationError``, ``InspectionError/singularInDouble(input:)``.
    package init(
        taking gram: inout Gram<Float>, _ activations: ActivationFigures, thresholds: OutlierThresholds,
        options: QuantizationOptions
    ) throws {
        precondition(activations.largestMagnitude.count == gram.order, "figures of other inputs")
        self.activations = activations
        outliers = activations.outliers(thresholds)
        hessianDiagonal = gram.diagonal.map(Double.init)
        factor = try GramFactor(taking: &gram, options: options.factor)
        let inverse = try Self.inverse(factor)
        inverseDiagonal = inverse.diagonal
        inverseDampingShare = inverse.dampingShare
    }

    private static func inverse(
        _ factor: GramFactor<Float>
    ) throws -> (diagonal: [Double], dampingShare: Double) {
        do {
            return try factor.inverseDiagonalInDouble()
        } catch {
            if case .notPositiveDefinite(let input, _, _) = error, factor.dampingShare == 0 {
                throw InspectionError.singularInDouble(input: factor.order?[input] ?? input)
            }
            throw error
        }
    }

    /// d of s = d·w² for each input [in].
    package func factors(_ measure: SensitivityMeasure) -> [Double] {
        switch measure {
        case .inverseHessian:
            // Without damping an input that was never active counts nothing: the factor's pivot there is an invented one.
            zip(inverseDiagonal, hessianDiagonal).map {
                !factor.hasActiveInputs || $1 == 0 && factor.damping == 0 ? 0 : 1 / $0
            }
        case .hessianDiagonal: factor.hasActiveInputs ? hessianDiagonal : hessianDiagonal.map { _ in 0 }
        }
    }
}

/// What stops an inspection, beyond what stops a quantization.
package enum InspectionError: Error, Equatable, CustomStringConvertible {
    /// The input is a column of the weight.
    case singularInDouble(input: Int)

    package var description: String {
        switch self {
        case .singularInDouble(let input):
            "the Gram matrix has a Cholesky factor in Float by the luck of rounding, but none in Double, which w²/[H⁻¹]ⱼⱼ "
                + "needs: input \(input) depends on others; damping 0 is never raised, expected more"
        }
    }
}
