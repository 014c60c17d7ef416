import AdaDimCalibration
import AdaDimDecoder
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimRecipe
import AdaDimReports

/// What the layers of a model aim at: the weights that their quantized weights approximate. A value of this kind goes through
/// the model beside the calibration stream, and keeps what it needs of the way.
protocol LayerTargets {
    /// What it holds in memory.
    static var memory: TargetMemory { get }

    /// A block begins, and none of its layers is quantized yet.
    mutating func enter(_ block: DecoderBlock)

    /// Learns what a stage's targets depend on, before its layers are quantized.
    /// - Parameters:
    ///   - block: the block with the layers that are quantized so far.
    ///   - stream: the calibration tokens before the stage.
    ///   - order: features of the stage's input.
    ///   - between: called after every batch; an error of it ends the work.
    mutating func prepare(
        _ block: DecoderBlock, _ stream: inout CalibrationStream, order: Int, between: () throws -> Void) throws

    /// Quantizes a layer to its target.
    /// - Parameter weight: the layer's own weight [out, in].
    func quantize(_ weight: Matrix<Float>, with quantizer: LayerQuantizer<Float>) throws -> TargetedQuantization

    /// The stage's layers are quantized: what only they needed goes.
    mutating func release()

    /// The calibration stream has gone on to the next stage.
    mutating func advance(between: () throws -> Void) throws
}

/// A quantized layer, and what its target had to do with it.
struct TargetedQuantization {
    let quantization: LayerQuantization
    /// The dequantized weight [out, in], where it was needed: not rounded to the type that it is stored in.
    var dequantized: Matrix<Float>?
    var correction: QuantizationReport.Correction?
    /// Computing the target, and the distance of the outputs.
    var seconds = 0.0
}

/// The targets of a run before it begins.
struct PlannedTargets: Sendable {
    /// What they hold in memory.
    let memory: TargetMemory
    /// The targets of a run that begins with these samples.
    let start: @Sendable (EmbeddedSamples) -> any LayerTargets
}

extension ModelRecipe {
    /// What the layers aim at.
    var targets: PlannedTargets {
        let shares = carriedOut.correction
        return shares == .none
            ? PlannedTargets(memory: PlainTargets.memory) { _ in PlainTargets() }
            : PlannedTargets(memory: CorrectedTargets.memory) {
                CorrectedTargets(shares, original: $0.original, hasMoved: $0.hasMoved)
            }
    }

    /// How tokens count.
    var weighting: any TokenWeighting {
        switch tokenWeights {
        case .equal: EqualTokens()
        case .attention: TokensByAttention()
        }
    }
}
