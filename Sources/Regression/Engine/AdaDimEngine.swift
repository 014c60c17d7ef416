import AdaDimLinearAlgebra
import AdaDimQuantization

/// The engine of this package.
package struct AdaDimEngine: RegressionEngine {
    package init() {}

    package func gram<S: RealScalar>(activations: Matrix<S>) throws -> Gram<S> {
        var gram = try Gram<S>(order: activations.rows)
        try gram.accumulate(activations)
        return gram
    }

    package func gram<S: RealScalar>(matrix: Matrix<S>) throws -> Gram<S> { try Gram(matrix, tokens: matrix.rows) }

    package func factor<S: RealScalar>(_ gram: Gram<S>, _ options: QuantizationOptions) throws -> EngineFactor<S> {
        EngineFactor(
            try GramFactor(gram, options: options.factor))
    }

    package func quantize<S: RealScalar>(
        _ weight: Matrix<S>, _ factor: EngineFactor<S>, _ options: QuantizationOptions
    ) throws -> EngineLayer {
        EngineLayer(try LayerQuantizer(factor: factor.source, options: options).quantize(weight))
    }
}
