import AdaDimCheckpoint
import AdaDimExport
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

extension Checkpoint {
    /// Scales are stored in the type that they are loaded in: rounded to another one, they would change with it.
    var scaleType: ScaleType { loadedType.scaleType }

    /// Bits per weight of a layer in the compressed-tensors format: dense where its last group is shorter than the
    /// others.
    func packedBitsPerWeight(_ result: StageQuantizer.Result) -> Double {
        let quantized = result.quantization.quantized
        let size =
            quantized.layout.hasTail
            ? StoredSize(dense: loadedType, rows: quantized.rows, columns: quantized.columns)
            : StoredSize(packed: quantized, scaleType: loadedType)
        return size.bitsPerWeight
    }

    /// What a quantized layer stands for, [out, in], as whoever opens the output reads it: rounded to the type that it
    /// is loaded in.
    func asStored(_ quantized: QuantizedMatrix) -> Matrix<Float> { loadedType.rounded(quantized.dequantized()) }
}
