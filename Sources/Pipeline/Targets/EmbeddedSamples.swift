import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import AdaDimRecipe

/// The calibration samples before block 0: as the run propagates them, and as the original model has them.
struct EmbeddedSamples {
    let stream: CalibrationStream
    /// The same as ``stream`` unless embeddings are quantized before.
    let original: CalibrationStream
    /// Whether the two differ.
    let hasMoved: Bool

    /// - Parameters:
    ///   - table: of embeddings, as it was quantized; nil for one that stays as it is.
    ///   - type: what a reader of the output rounds the table's rows to.
    ///   - needsOriginal: whether ``original`` will be used; it is ``stream`` otherwise.
    init(
        _ samples: CalibrationSamples, _ model: DecoderModel, _ table: QuantizedMatrix?,
        _ propagation: Propagation, rowsComputedIn type: StoredFloat, needsOriginal: Bool
    ) throws {
        guard let table, propagation == .quantized else {
            stream = try CalibrationStream(samples, model)
            (original, hasMoved) = (stream, false)
            return
        }
        let quantized = model.embedding { ids in type.rounded(table.dequantizedRows(ids.map(Int.init))) }
        stream = try CalibrationStream(samples, quantized)
        original = needsOriginal ? try CalibrationStream(samples, model) : stream
        hasMoved = true
    }
}
