import AdaDimCheckpoint
import AdaDimExport
import AdaDimLinearAlgebra
import AdaDimQuantization

extension Checkpoint {
    /// How the checkpoint stores a layer's weight.
    private func storedFloat(_ layer: LinearLayer) throws(CheckpointError) -> StoredFloat? {
        StoredFloat(try location(of: layer.weightName).entry.elementType)
    }

    /// Scales are stored in the type of the weight that they replace.
    func scaleType(_ layer: LinearLayer) throws(CheckpointError) -> ScaleType {
        try storedFloat(layer)?.scaleType ?? .float32
    }

    /// Bits per weight of a layer in the compressed-tensors format: dense where its last group is shorter than the
    /// others.
    func packedBitsPerWeight(_ result: StageQuantizer.Result) throws(CheckpointError) -> Double {
        let quantized = result.quantization.quantized
        let type = try storedFloat(result.layer) ?? .float32
        let size =
            quantized.layout.hasTail
            ? StoredSize(dense: type, rows: quantized.rows, columns: quantized.columns)
            : StoredSize(packed: quantized, scaleType: type)
        return size.bitsPerWeight
    }

    /// What a quantized layer stands for, [out, in], as whoever opens the output reads it: rounded to the type of the
    /// tensor that holds it.
    func asStored(_ quantized: QuantizedMatrix, _ layer: LinearLayer) throws(CheckpointError) -> Matrix<Float> {
        let type = try storedFloat(layer) ?? .float32
        return type.rounded(quantized.dequantized())
    }
}
