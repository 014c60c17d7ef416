import AdaDim
import SyntheticData

/// One layer from activations to codes, each stage timed.
struct LayerRun {
    var gram = 0.0
    var factor = 0.0
    var reference = 0.0
    var sweep = 0.0
    var whole = 0.0
    var factorAndSweep: Double { factor + sweep }
    var relativeLoss = 0.0
    /// Of a run for which they were requested; its times mean little.
    var residuals: Residuals?

    struct Residuals {
        let gram: Double
        let factor: Double
        let sweep: Double
    }

    static let tokens = 8192

    init(
        _ shape: LayerShape, _ dimension: QuantizationOptions.Direction, ranges: RangeRule = .full, passes: Int = 0,
        activations: Matrix<Float>, weight: Matrix<Float>, measuringResiduals: Bool
    ) throws {
        let options = QuantizationOptions(.fast) {
            $0.grid.bits = 4
            $0.grid.groupSize = 128
            $0.grid.ranges = ranges
            $0.refinement = Refinement(passes: passes)
            $0.direction = dimension
        }
        let clock = ContinuousClock()
        let start = clock.now
        var gram = try Gram<Float>(order: shape.inputs)
        try gram.accumulate(activations)
        self.gram = start.duration(to: clock.now).seconds
        let kept = measuringResiduals ? gram.symmetric() : nil
        let before = clock.now
        let quantizer = try LayerQuantizer(gram: consume gram, options: options)
        factor = before.duration(to: clock.now).seconds
        let layer = try quantizer.quantize(weight)
        whole = start.duration(to: clock.now).seconds
        reference = layer.seconds.reference
        sweep = layer.seconds.sweep
        relativeLoss = layer.relativeLoss
        if let kept {
            residuals = Residuals(
                gram: kept.residual(asGramOf: activations), factor: quantizer.factor.residual(of: kept),
                sweep: abs(
                    try quantizer.factor.loss(of: layer.quantized.dequantized(), replacing: weight) - layer.loss)
                    / layer.loss)
        }
    }
}

extension Duration {
    var seconds: Double { self / .seconds(1) }
}
