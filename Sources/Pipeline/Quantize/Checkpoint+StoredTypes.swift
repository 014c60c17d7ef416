import AdaDimCheckpoint
import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

extension Checkpoint {
    /// Scales are stored in the type that they are loaded in: rounded to another one, they would change with it.
    package var scaleType: ScaleType { loadedType.scaleType }

    /// Bits per weight of a layer in the compressed-tensors format: dense where its last group is shorter than the
    /// others.
    func packedBitsPerWeight(_ result: StageQuantizer.Result) -> Double {
        let scheme = LayerScheme(of: result.quantization.quantized, scaleType: scaleType)
        return ExportFormat.compressedTensors.size(of: scheme, type: loadedType).bitsPerWeight
    }

    /// A quantized layer's dequantized weight [out, in], as a loader of the output computes it: rounded to its loaded
    /// type.
    func asStored(_ layer: TargetedQuantization) -> Matrix<Float> {
        loadedType.rounded(layer.dequantized ?? layer.quantization.quantized.dequantized())
    }
}
