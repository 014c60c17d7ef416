import AdaDimLinearAlgebra

/// What the codes of each group stand for: (code − zero)·scale − offset. The product is exact in Float, and so is an offset, so
/// that a value is rounded once, as llama.cpp rounds it.
struct GroupValues: Sendable {
    let scales: MatrixView<Float>
    let zeros: MatrixView<UInt8>
    /// nil where there are none.
    let offsets: MatrixView<Float>?

    /// Calls `body` with the values of matrices of one shape.
    static func with(
        _ scales: Matrix<Float>, _ zeroPoints: Matrix<UInt8>, _ offsets: Matrix<Float>?, _ body: (GroupValues) -> Void
    ) {
        scales.withView { scales in
            zeroPoints.withView { zeros in
                guard let offsets else { return body(GroupValues(scales: scales, zeros: zeros, offsets: nil)) }
                offsets.withView { body(GroupValues(scales: scales, zeros: zeros, offsets: $0)) }
            }
        }
    }

    /// Gives `put` the weights of some rows of column j, the rows counted from the first of them.
    /// - Parameter code: the codes of these rows and this column.
    @inline(__always)
    func dequantize(
        _ rows: Range<Int>, ofColumn j: Int, _ code: UnsafePointer<UInt8>, _ layout: GroupLayout,
        _ put: (_ row: Int, _ value: Float) -> Void
    ) {
        switch layout.dimension {
        case .perOutputChannel:
            let scale = scales.column(j / layout.groupSize) + rows.lowerBound
            let zero = zeros.column(j / layout.groupSize) + rows.lowerBound
            guard let offsets else {
                for r in 0..<rows.count { put(r, Float(Int16(code[r]) - Int16(zero[r])) * scale[r]) }
                return
            }
            let offset = offsets.column(j / layout.groupSize) + rows.lowerBound
            for r in 0..<rows.count { put(r, Float(Int16(code[r]) - Int16(zero[r])) * scale[r] - offset[r]) }
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
