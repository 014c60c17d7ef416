import AdaDimLinearAlgebra

/// Bytes that a layer's weight takes in a checkpoint, by what they hold.
package struct StoredSize: Sendable, Equatable {
    package let weights: Int
    /// Codes with the padding of their rows, or the whole weight where it is stored dense.
    package let codeBytes: Int
    package let scaleBytes: Int
    package let zeroPointBytes: Int
    package let shapeBytes: Int

    package init(weights: Int, codeBytes: Int, scaleBytes: Int, zeroPointBytes: Int, shapeBytes: Int) {
        self.weights = weights
        self.codeBytes = codeBytes
        self.scaleBytes = scaleBytes
        self.zeroPointBytes = zeroPointBytes
        self.shapeBytes = shapeBytes
    }

    /// A weight [out, in] stored dense.
    package init(dense type: StoredFloat, rows: Int, columns: Int) {
        self.init(
            weights: rows * columns, codeBytes: rows * columns * type.byteWidth, scaleBytes: 0, zeroPointBytes: 0,
            shapeBytes: 0)
    }

    package var bytes: Int { codeBytes + scaleBytes + zeroPointBytes + shapeBytes }

    /// Bits of file per weight, overheads included.
    package var bitsPerWeight: Double { weights == 0 ? 0 : Double(bytes) * 8 / Double(weights) }
}
