import AdaDimQuantizedMatrices

/// How a layer is quantized, without its numbers: what a format is asked about before a run.
package struct LayerScheme: Sendable, Equatable {
    package let bits: Int
    /// Shape, group size and direction.
    package let layout: GroupLayout
    /// Whether every zero point is the middle code, 2^(bits − 1).
    package let isSymmetric: Bool
    package let scaleType: ScaleType

    package init(bits: Int, layout: GroupLayout, isSymmetric: Bool, scaleType: ScaleType) {
        self.bits = bits
        self.layout = layout
        self.isSymmetric = isSymmetric
        self.scaleType = scaleType
    }

    /// The scheme of a layer that is quantized.
    package init(of quantized: QuantizedMatrix, scaleType: ScaleType) {
        let middle = UInt8(truncatingIfNeeded: 1 << (quantized.bits - 1))
        self.init(
            bits: quantized.bits, layout: quantized.layout,
            isSymmetric: quantized.zeroPoints.columnMajorElements.allSatisfy { $0 == middle }, scaleType: scaleType)
    }
}
