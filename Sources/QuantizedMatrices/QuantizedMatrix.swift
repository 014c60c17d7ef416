import AdaDimLinearAlgebra

/// A quantized weight [out, in]: codes, and a scale and zero point for every group. Weight (i, j) is
/// (code − zero)·scale, exact in Float for scales stored in 16 bits.
public struct QuantizedMatrix: Sendable, Equatable {
    /// Codes [out, in], each in 0 ..< 2^bits.
    public let codes: Matrix<UInt8>
    /// Scales, already rounded to their stored type: per-OC [out, ⌈in/g⌉], per-IC [⌈out/g⌉, in].
    public let scales: Matrix<Float>
    /// Zero points, codes of the value zero: same shape as the scales.
    public let zeroPoints: Matrix<UInt8>
    /// 2, 3, 4 or 8.
    public let bits: Int
    /// How the weight is cut into groups.
    public let layout: GroupLayout

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
    }

    /// The dequantized weight, (code − zero)·scale, [out, in].
    public func dequantized() -> Matrix<Float> {
        var result = Matrix<Float>(uninitialized: rows, columns)
        let layout = layout
        codes.withView { codes in
            scales.withView { scales in
                zeroPoints.withView { zeros in
                    result.withMutableView { result in
                        concurrently(layout.columns) { j in
                            let column = result.column(j)
                            Self.dequantize(0..<layout.rows, ofColumn: j, codes.column(j), scales, zeros, layout) {
                                column[$0] = $1
                            }
                        }
                    }
                }
            }
        }
        return result
    }

    /// Gives `put` the weights of some rows of column j, the rows counted from the first of them.
    /// - Parameter code: the codes of these rows and this column.
    @inline(__always)
    static func dequantize(
        _ rows: Range<Int>, ofColumn j: Int, _ code: UnsafePointer<UInt8>, _ scales: MatrixView<Float>,
        _ zeros: MatrixView<UInt8>, _ layout: GroupLayout, _ put: (_ row: Int, _ value: Float) -> Void
    ) {
        switch layout.dimension {
        case .perOutputChannel:
            let scale = scales.column(j / layout.groupSize) + rows.lowerBound
            let zero = zeros.column(j / layout.groupSize) + rows.lowerBound
            for r in 0..<rows.count { put(r, Float(Int16(code[r]) - Int16(zero[r])) * scale[r]) }
        case .perInputChannel:
            var start = 0
            while start < rows.count {
                let group = (rows.lowerBound + start) / layout.groupSize
                let end = min(rows.count, layout.range(ofGroup: group).upperBound - rows.lowerBound)
                let (scale, zero) = (scales[group, j], Int16(zeros[group, j]))
                for r in start..<end { put(r, Float(Int16(code[r]) - zero) * scale) }
                start = end
            }
        }
    }
}
