import AdaDimQuantizedMatrices

/// How a layer is quantized, without its numbers: what a format is asked about before a run.
package struct LayerScheme: Sendable, Equatable {
    package let bits: Int
    /// Shape, group size and direction.
    package let layout: GroupLayout
    /// Whether every zero point is the middle code, 2^(bits − 1).
    package let isSymmetric: Bool
    package let scaleType: ScaleType
    /// Where scales are on two levels; else nil.
    package let twoLevel: TwoLevelType?

    package init(
        bits: Int, layout: GroupLayout, isSymmetric: Bool, scaleType: ScaleType, twoLevel: TwoLevelType? = nil
    ) {
        self.twoLevel = twoLevel
        self.bits = bits
        self.layout = layout
        self.isSymmetric = isSymmetric
        self.scaleType = scaleType
    }

    /// The same with scales of another type.
    package func with(_ scaleType: ScaleType) -> LayerScheme {
        LayerScheme(bits: bits, layout: layout, isSymmetric: isSymmetric, scaleType: scaleType, twoLevel: twoLevel)
    }

    /// The scheme of a layer that is quantized.
    package init(of quantized: QuantizedMatrix, scaleType: ScaleType) {
        let middle = UInt8(truncatingIfNeeded: 1 << (quantized.bits - 1))
        self.init(
            bits: quantized.bits, layout: quantized.layout,
            isSymmetric: quantized.zeroPoints.columnMajorElements.allSatisfy { $0 == middle }, scaleType: scaleType,
            twoLevel: quantized.twoLevel?.type)
    }
}
