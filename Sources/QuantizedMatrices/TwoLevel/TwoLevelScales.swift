import AdaDimLinearAlgebra

/// The scales and offsets of a weight [out, in] on two levels. `in` is a multiple of ``TwoLevelType/superGroupSize``.
public struct TwoLevelScales: Sendable, Equatable {
    /// Group size, bits, and what the numbers may be.
    public let type: TwoLevelType
    /// d: numbers of float16, [out, in/256].
    public let superScales: Matrix<Float>
    /// dmin: numbers of float16, none negative, [out, in/256]; nil for types without offsets.
    public let superOffsets: Matrix<Float>?
    /// sc, in ``TwoLevelType/scaleRange``, [out, in/g].
    public let scales: Matrix<Int8>
    /// m, up to ``TwoLevelType/largestOffset``, [out, in/g]; nil for types without offsets.
    public let offsets: Matrix<UInt8>?

    /// - Precondition: the shapes fit each other, and offsets are there where the type has them, and only there.
    public init(
        _ type: TwoLevelType, superScales: Matrix<Float>, superOffsets: Matrix<Float>?, scales: Matrix<Int8>,
        offsets: Matrix<UInt8>?
    ) {
        let groups = TwoLevelType.superGroupSize / type.groupSize
        precondition(
            scales.rows == superScales.rows && scales.columns == superScales.columns * groups,
            "scales do not fit those that they share")
        precondition(
            (offsets != nil) == type.hasOffsets && (superOffsets != nil) == type.hasOffsets, "offsets of \(type)")
        if let offsets, let superOffsets {
            precondition(
                offsets.rows == scales.rows && offsets.columns == scales.columns
                    && superOffsets.rows == superScales.rows && superOffsets.columns == superScales.columns,
                "offsets do not fit the scales")
        }
        self.type = type
        self.superScales = superScales
        self.superOffsets = superOffsets
        self.scales = scales
        self.offsets = offsets
    }
}
