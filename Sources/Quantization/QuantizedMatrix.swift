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

    public var rows: Int { layout.rows }
    public var columns: Int { layout.columns }
    public var groupSize: Int { layout.groupSize }
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

    /// The weight that the codes stand for, (code − zero)·scale, [out, in].
    public func dequantized() -> Matrix<Float> {
        var result = Matrix<Float>(uninitialized: rows, columns)
        let layout = layout
        codes.withView { codes in
            scales.withView { scales in
                zeroPoints.withView { zeros in
                    result.withMutableView { result in
                        concurrently(layout.columns) { j in
                            Self.dequantize(column: j, codes, scales, zeros, layout, into: result.column(j))
                        }
                    }
                }
            }
        }
        return result
    }

    private static func dequantize(
        column j: Int, _ codes: MatrixView<UInt8>, _ scales: MatrixView<Float>, _ zeros: MatrixView<UInt8>,
        _ layout: GroupLayout, into result: UnsafeMutablePointer<Float>
    ) {
        let code = codes.column(j)
        switch layout.dimension {
        case .perOutputChannel:
            let scale = scales.column(j / layout.groupSize)
            let zero = zeros.column(j / layout.groupSize)
            for i in 0..<layout.rows { result[i] = Float(Int16(code[i]) - Int16(zero[i])) * scale[i] }
        case .perInputChannel:
            for group in 0..<layout.groupsPerChannel {
                let scale = scales[group, j]
                let zero = Int16(zeros[group, j])
                for i in layout.range(ofGroup: group) { result[i] = Float(Int16(code[i]) - zero) * scale }
            }
        }
    }
}
