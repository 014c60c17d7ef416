import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// What is put to the test: the steps of quantizing one layer. ``AdaDimEngine`` is the real one; tests plant faults by
/// others.
package protocol RegressionEngine: Sendable {
    /// H = X·Xᵀ of activations [in, tokens].
    func gram<S: RealScalar>(activations: Matrix<S>) throws -> Gram<S>
    /// H as it was given [in, in].
    func gram<S: RealScalar>(matrix: Matrix<S>) throws -> Gram<S>
    /// V of H + λI = V·Vᵀ.
    func factor<S: RealScalar>(_ gram: Gram<S>, _ options: QuantizationOptions) throws -> EngineFactor<S>
    /// Codes and losses of a weight [out, in].
    func quantize<S: RealScalar>(
        _ weight: Matrix<S>, _ factor: EngineFactor<S>, _ options: QuantizationOptions
    ) throws -> EngineLayer
}

/// A damped Gram matrix's factor as an engine reports it.
package struct EngineFactor<S: RealScalar>: Sendable {
    /// V [in, in], zeros below the diagonal.
    package var upper: Matrix<S>
    /// What later steps work with.
    package var source: GramFactor<S>

    package init(_ source: GramFactor<S>) {
        upper = source.upperTriangular()
        self.source = source
    }
}

/// A quantized layer as an engine reports it.
package struct EngineLayer: Sendable {
    package var quantized: QuantizedMatrix
    /// How the codes were found.
    package var method: QuantizationOptions.Method
    /// ‖(W−Q)·X‖².
    package var loss: Double
    /// ‖W·X‖².
    package var outputEnergy: Double
    /// What an adaptive choice was made by, for each direction that was tried.
    package var losses: [ChannelDimension: [QuantizationOptions.Method: Double]]

    package init(_ result: LayerQuantization) {
        quantized = result.quantized
        method = result.method
        loss = result.loss
        outputEnergy = result.outputEnergy
        losses = result.losses.mapValues { losses in
            var found: [QuantizationOptions.Method: Double] = [:]
            for method in QuantizationOptions.Method.allCases { found[method] = losses[method] }
            return found
        }
    }
}
