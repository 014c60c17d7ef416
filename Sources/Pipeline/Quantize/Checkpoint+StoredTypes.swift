import AdaDimCheckpoint
import AdaDimExport
import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

extension Checkpoint {
    /// Scales are stored in the type that they are loaded in: rounded to another one, they would change with it.
    package var scaleType: ScaleType { loadedType.scaleType }

    /// Bits per weight of a finished layer in a format, prepared for the model: those of plain numbers where it stays dense, and
    /// as it was stored where the format has no such grids.
    func bitsPerWeight(_ quantized: QuantizedMatrix, stored: StoredLayer, in format: ExportFormat) -> Double {
        let scheme = LayerScheme(of: quantized, scaleType: scaleType)
        if scheme.twoLevel != nil { return stored.bitsPerWeight }
        return format.size(of: scheme, type: loadedType).bitsPerWeight
    }

    /// What a loader of a format rounds a quantized weight's numbers to.
    func computedType(of quantized: QuantizedMatrix, in format: ExportFormat) -> StoredFloat {
        let scheme = LayerScheme(
            of: quantized, scaleType: format.scaleType(isSymmetric: false, loaded: loadedType))
        return format.storage(of: scheme) == .packed ? format.computedType(loaded: loadedType) : loadedType
    }

    /// A quantized layer's dequantized weight [out, in], as a loader of the output computes with it: rounded to its loaded
    /// type, or as the format says.
    func asStored(_ layer: TargetedQuantization, in format: ExportFormat) -> Matrix<Float> {
        let quantized = layer.quantization.quantized
        return computedType(of: quantized, in: format).rounded(layer.dequantized ?? quantized.dequantized())
    }
}
