import AdaDimLinearAlgebra

/// A quantized weight [out, in]: codes, and a scale and zero point for every group. Weight (i, j) is
/// (code − zero)·scale, exact in Float for scales stored in 16 bits; where scales are on two levels, it is
/// (code − zero)·scale − offset, rounded once in Float.
public struct QuantizedMatrix: Sendable, Equatable {
    /// Codes [out, in], each in 0 ..< 2^bits.
    public let codes: Matrix<UInt8>
    /// Scales, already rounded to their stored type: per-OC [out, ⌈in/g⌉], per-IC [⌈out/g⌉, in]. On two levels d·sc, which
    /// may be zero, and for types without offsets negative.
    public let scales: Matrix<Float>
    /// Zero points, codes of the value zero: same shape as the scales.
    public let zeroPoints: Matrix<UInt8>
    /// Bits of a code: 2, 3, 4 or 8; on two levels 2 to 6.
    public let bits: Int
    /// How the weight is cut into groups.
    public let layout: GroupLayout
    /// What the scales and offsets are made of, where they are on two levels; else nil.
    public let twoLevel: TwoLevelScales?

    /// Outputs of the weight.
    public var rows: Int { layout.rows }
    /// Its inputs.
    public var columns: Int { layout.columns }
    /// Weights to a group, at most the length of the channel.
    public var groupSize: Int { layout.groupSize }
    /// The direction in which a group runs.
    public var dimension: ChannelDimension { layout.dimension }

    /// - Precondition: codes are [out, in] of the layout and scales and zero points have its shape.
    package init(
        codes: Matrix<UInt8>, scales: Matrix<Float>, zeroPoints: Matrix<UInt8>, bits: Int, layout: GroupLayout
    ) {
        self.init(codes, scales, zeroPoints, bits: bits, layout, twoLevel: nil)
    }

    /// A weight whose scales and offsets are on two levels: its bits, layout, scales and zero points follow from them.
    /// - Precondition: codes are [out, in] of the scales.
    package init(codes: Matrix<UInt8>, twoLevel: TwoLevelScales) {
        let type = twoLevel.type
        let scales = twoLevel.effectiveScales
        self.init(
            codes, scales,
            Matrix(repeating: UInt8(type.zeroPoint), rows: scales.rows, columns: scales.columns), bits: type.bits,
            GroupLayout(
                rows: codes.rows, columns: codes.columns, groupSize: type.groupSize, dimension: .perOutputChannel),
            twoLevel: twoLevel)
    }

    private init(
        _ codes: Matrix<UInt8>, _ scales: Matrix<Float>, _ zeroPoints: Matrix<UInt8>, bits: Int, _ layout: GroupLayout,
        twoLevel: TwoLevelScales?
    ) {
        precondition(codes.rows == layout.rows && codes.columns == layout.columns, "codes do not fit the layout")
        precondition(
            scales.rows == layout.scaleRows && scales.columns == layout.scaleColumns, "scales do not fit the layout")
        precondition(
            zeroPoints.rows == scales.rows && zeroPoints.columns == scales.columns, "zero points do not fit the scales")
        self.codes = codes
        self.scales = scales
        self.zeroPoints = zeroPoints
        self.bits = bits
        self.layout = layout
        self.twoLevel = twoLevel
    }

    /// Offsets that are subtracted from (code − zero)·scale, dmin·m, shaped as the scales; nil where there are none.
    public var offsets: Matrix<Float>? { twoLevel?.effectiveOffsets }

    /// The dequantized weight, (code − zero)·scale − offset, [out, in].
    public func dequantized() -> Matrix<Float> {
        var result = Matrix<Float>(uninitialized: rows, columns)
        let layout = layout
        codes.withView { codes in
            GroupValues.with(scales, zeroPoints, offsets) { values in
                result.withMutableView { result in
                    concurrently(layout.columns) { j in
                        let column = result.column(j)
                        values.dequantize(0..<layout.rows, ofColumn: j, codes.column(j), layout) { column[$0] = $1 }
                    }
                }
            }
        }
        return result
    }
}
