import AdaDimCheckpoint
import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

extension Checkpoint {
    /// Scales are stored in the type that they are loaded in: rounded to another one, they would change with it.
    package var scaleType: ScaleType { loadedType.scaleType }

    /// Bits per weight of a layer in a format, prepared for the model: those of plain numbers where it stays dense.
    func bitsPerWeight(_ result: StageQuantizer.Result, in format: ExportFormat) -> Double {
        let scheme = LayerScheme(of: result.quantization.quantized, scaleType: scaleType)
        return format.size(of: scheme, type: loadedType).bitsPerWeight
    }

    /// A quantized layer's dequantized weight [out, in], as a loader of the output computes with it: rounded to its loaded
    /// type, or as the format says.
    func asStored(_ layer: TargetedQuantization, in format: ExportFormat) -> Matrix<Float> {
        let quantized = layer.quantization.quantized
        let isPacked =
            format.storage(
                of: LayerScheme(of: quantized, scaleType: format.scaleType(isSymmetric: false, loaded: loadedType))
            ) == .packed
        let type = isPacked ? format.computedType(loaded: loadedType) : loadedType
        return type.rounded(layer.dequantized ?? quantized.dequantized())
    }
}
