import AdaDimCalibration
import AdaDimCorrection
import AdaDimDecoder
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimReports

/// Every layer aims at a weight that compensates for what earlier quantization changed (asymmetric calibration). For that, the
/// same tokens go through the original model, too.
struct CorrectedTargets: LayerTargets {
    /// A second stream and the untouched block. Per stage: two squares next to the Gram matrix, and the residual stream's shift.
    /// Per layer: the target and its product, besides either the engine at work or, for the distance of the outputs, the
    /// values, the error, a product and the memory of a loss. While sums are formed: how one batch of both streams differs, and
    /// both weighted inputs.
    static let memory = TargetMemory(
        streams: 2, untouchedBlocks: 1, squares: 2, residualShifts: 1, weightsPerLayer: 2, weightsWhileMeasured: 4,
        inputsWhileSummed: 1, weightedInputsWhileSummed: 2)

    private let shares: OutputCorrection
    /// Through the original model.
    private var original: CalibrationStream
    /// The current block as it was.
    private var untouched: DecoderBlock?
    /// How far the inputs of the current stage have moved.
    private var shift: InputShift<Float>?
    /// Before the first quantized layer both streams are equal, unless embeddings are quantized.
    private var hasMoved: Bool

    /// - Parameters:
    ///   - shares: what layers compensate for.
    ///   - original: the calibration stream before block 0.
    ///   - hasMoved: whether the quantized model's stream differs from it already.
    init(_ shares: OutputCorrection, original: CalibrationStream, hasMoved: Bool) {
        self.shares = shares
        self.original = original
        self.hasMoved = hasMoved
    }

    mutating func enter(_ block: DecoderBlock) { untouched = block }

    mutating func prepare(
        _ block: DecoderBlock, _ stream: inout CalibrationStream, order: Int, between: () throws -> Void
    ) throws {
        guard let untouched else { preconditionFailure("targets before their block \(block.index)") }
        if hasMoved {
            shift = try original.shift(of: &stream, in: block, originally: untouched, order: order, between: between)
        }
        // The layers of this stage are quantized next.
        hasMoved = true
    }

    func quantize(_ weight: Matrix<Float>, with quantizer: LayerQuantizer<Float>) throws -> TargetedQuantization {
        guard let shift else { return TargetedQuantization(quantization: try quantizer.quantize(weight)) }
        let factor = quantizer.factor
        var correcting = Stopwatch()
        let target = try correcting.time { try factor.target(for: weight, shift, shares) }
        let quantization = try quantizer.quantize(target.weight)
        let dequantized = correcting.time { quantization.quantized.dequantized() }
        let losses = try correcting.time { try factor.outputLosses(of: dequantized, target, replacing: weight, shift) }
        let residual = shift.residual.map { _ in (loss: shift.residualLoss, energy: shift.residualEnergy) }
        return TargetedQuantization(
            quantization: quantization, dequantized: dequantized,
            correction: QuantizationReport.Correction(shares, losses, residual: residual, of: quantization),
            seconds: correcting.seconds)
    }

    mutating func release() { shift = nil }

    mutating func advance(between: () throws -> Void) throws {
        if let untouched { try original.advance(through: untouched, between: between) }
    }
}
