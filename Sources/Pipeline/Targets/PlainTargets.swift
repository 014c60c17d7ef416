import AdaDimCalibration
import AdaDimDecoder
import AdaDimLinearAlgebra
import AdaDimQuantization

/// Every layer aims at its own weight.
struct PlainTargets: LayerTargets {
    static let memory = TargetMemory()

    func enter(_ block: DecoderBlock) {}

    func prepare(
        _ block: DecoderBlock, _ stream: inout CalibrationStream, order: Int, between: () throws -> Void
    ) {}

    func quantize(_ weight: Matrix<Float>, with quantizer: LayerQuantizer<Float>) throws -> TargetedQuantization {
        TargetedQuantization(quantization: try quantizer.quantize(weight))
    }

    func release() {}

    func advance(between: () throws -> Void) {}
}
