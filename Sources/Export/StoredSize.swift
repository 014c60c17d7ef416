import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimQuantization

/// Bytes that a layer's weight takes in a checkpoint, by what they hold.
package struct StoredSize: Sendable, Equatable {
    package let weights: Int
    /// Codes with the padding of their rows, or the whole weight where it is stored dense.
    package let codeBytes: Int
    package let scaleBytes: Int
    package let zeroPointBytes: Int
    package let shapeBytes: Int

    package var bytes: Int { codeBytes + scaleBytes + zeroPointBytes + shapeBytes }

    /// Bits of file per weight, overheads included.
    package var bitsPerWeight: Double { weights == 0 ? 0 : Double(bytes) * 8 / Double(weights) }

    /// A weight [out, in] stored dense.
    package init(dense type: StoredFloat, rows: Int, columns: Int) {
        weights = rows * columns
        codeBytes = weights * type.byteWidth
        (scaleBytes, zeroPointBytes, shapeBytes) = (0, 0, 0)
    }

    /// A layer packed as compressed-tensors: rows of codes padded to 32-bit words, scales of the model's type, zero
    /// points of a byte, the shape in two 64-bit integers.
    package init(packed layer: QuantizedMatrix, scaleType: StoredFloat) {
        weights = layer.rows * layer.columns
        codeBytes = layer.rows * PackedRows.wordsPerRow(columns: layer.columns, bits: layer.bits) * 4
        scaleBytes = layer.scales.count * scaleType.byteWidth
        zeroPointBytes = layer.zeroPoints.count
        shapeBytes = 16
    }
}
