import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

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

    /// A layer packed as compressed-tensors.
    package init(packed layer: QuantizedMatrix, scaleType: StoredFloat) {
        self.init(packed: layer.layout, bits: layer.bits, scaleType: scaleType)
    }

    /// The same before it is quantized: rows of codes padded to 32-bit words, scales of the model's type, zero points of a
    /// byte, the shape in two 64-bit integers.
    init(packed layout: GroupLayout, bits: Int, scaleType: StoredFloat) {
        weights = layout.rows * layout.columns
        codeBytes = layout.rows * PackedRows.wordsPerRow(columns: layout.columns, bits: bits) * 4
        let scales = layout.scaleRows * layout.scaleColumns
        scaleBytes = scales * scaleType.byteWidth
        zeroPointBytes = scales
        shapeBytes = 16
    }
}
