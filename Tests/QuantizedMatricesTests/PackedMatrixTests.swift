import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import Testing

/// Packed codes where a file has them: at any address, and as weights.
@Suite("Packed matrices that belong to another")
struct PackedMatrixTests {
    private struct Case {
        let quantized: QuantizedMatrix
        let words: [UInt8]

        init(_ rows: Int, _ columns: Int, bits: Int, groupSize: Int?, _ dimension: ChannelDimension) {
            let layout = GroupLayout(rows: rows, columns: columns, groupSize: groupSize, dimension: dimension)
            let mask = (1 << bits) - 1
            quantized = QuantizedMatrix(
                codes: Matrix(rows: rows, columns: columns) { UInt8(($0 * 31 + $1 * 17 + $0 * $1) & mask) },
                scales: Matrix(rows: layout.scaleRows, columns: layout.scaleColumns) { Float($0 * 3 + $1 + 1) / 1024 },
                zeroPoints: Matrix(rows: layout.scaleRows, columns: layout.scaleColumns) {
                    UInt8(($0 + $1 * 5) & mask)
                },
                bits: bits, layout: layout)
            // One byte further than any word would begin.
            words =
                [0] + PackedRows(packing: quantized.codes, bits: bits).words.withUnsafeBytes { [UInt8]($0) }
        }

        func withMatrix<Result>(_ body: (PackedMatrix) -> Result) -> Result {
            words.withUnsafeBytes { bytes in
                let base = bytes.baseAddress! + 1
                return body(
                    PackedMatrix(
                        codes: PackedCodes(
                            base: base, rows: quantized.rows, columns: quantized.columns, bits: quantized.bits),
                        scales: quantized.scales, zeroPoints: quantized.zeroPoints, layout: quantized.layout))
            }
        }
    }

    @Test(arguments: 1...8, [(1, 1), (63, 255), (64, 256), (65, 257), (130, 600)])
    func asOneOwnsThem(_ bits: Int, _ shape: (Int, Int)) {
        for dimension in ChannelDimension.allCases {
            for groupSize in [1, 7, 48, nil] {
                let test = Case(shape.0, shape.1, bits: bits, groupSize: groupSize, dimension)
                #expect(test.withMatrix { $0.unpacked() } == test.quantized)
                for type in StoredFloat.allCases {
                    var weight = Matrix<Float>(repeating: .nan, rows: shape.0, columns: shape.1)
                    let finite = test.withMatrix { matrix in
                        weight.withMutableView { matrix.dequantize(into: $0, as: type) }
                    }
                    #expect(finite)
                    #expect(weight == type.rounded(test.quantized.dequantized()))
                }
            }
        }
    }

    @Test func whatATypeCannotHoldIsNoticed() {
        let layout = GroupLayout(rows: 70, columns: 3, groupSize: nil, dimension: .perInputChannel)
        var scales = Matrix<Float>(repeating: 1, rows: 1, columns: 3)
        scales[0, 2] = 16_384
        let words = PackedRows(packing: Matrix(repeating: 7, rows: 70, columns: 3), bits: 3).words
        var weight = Matrix<Float>(repeating: 0, rows: 70, columns: 3)
        let finite = words.withUnsafeBytes { bytes in
            let codes = PackedCodes(base: bytes.baseAddress!, rows: 70, columns: 3, bits: 3)
            let matrix = PackedMatrix(
                codes: codes, scales: scales, zeroPoints: Matrix(repeating: 0, rows: 1, columns: 3), layout: layout)
            return StoredFloat.allCases.map { type in weight.withMutableView { matrix.dequantize(into: $0, as: type) } }
        }
        // 7 · 16384 is beyond float16.
        #expect(finite == StoredFloat.allCases.map { $0 != .float16 })
    }
}
