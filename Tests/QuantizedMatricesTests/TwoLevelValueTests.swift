import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import Testing

/// Weights on two-level grids are those of their stored parts, bit for bit, by every way that they are read.
@Suite struct TwoLevelValueTests {
    /// Parts that use all of their ranges, numbers of float16 from subnormal to near the largest.
    private func matrix(_ type: TwoLevelType, out: Int, inputs: Int) -> QuantizedMatrix {
        func half(_ pattern: Int) -> Float { floatFromFloat16(UInt16(truncatingIfNeeded: pattern)) }
        let (supers, groups) = (inputs / 256, inputs / type.groupSize)
        let range = type.scaleRange
        return QuantizedMatrix(
            codes: Matrix(rows: out, columns: inputs) { UInt8(($0 * 29 + $1 * 7 + $1 / 5) % (1 << type.bits)) },
            twoLevel: TwoLevelScales(
                type,
                superScales: Matrix(rows: out, columns: supers) { i, block in
                    let pattern = (i * 1237 + block * 7919 + 3) % 0x7400
                    return half(type.hasOffsets || i % 2 == 0 ? pattern : pattern | 0x8000)
                },
                superOffsets: type.hasOffsets
                    ? Matrix(rows: out, columns: supers) { half(($0 * 977 + $1 * 3571) % 0x7400) } : nil,
                scales: Matrix(rows: out, columns: groups) { Int8(range.lowerBound + ($0 * 5 + $1 * 3) % range.count) },
                offsets: type.hasOffsets
                    ? Matrix(rows: out, columns: groups) { UInt8(($0 * 11 + $1 * 7) % (type.largestOffset + 1)) }
                    : nil))
    }

    /// In Double the products and their difference are exact, so that there is one rounding.
    private func expected(_ quantized: QuantizedMatrix, _ i: Int, _ j: Int) throws -> Float {
        let parts = try #require(quantized.twoLevel)
        let group = j / parts.type.groupSize
        let scale = Double(parts.superScales[i, j / 256]) * Double(parts.scales[i, group])
        let offset = try parts.superOffsets.map {
            Double($0[i, j / 256]) * Double(try #require(parts.offsets)[i, group])
        }
        return Float(scale * Double(Int(quantized.codes[i, j]) - parts.type.zeroPoint) - (offset ?? 0))
    }

    @Test(arguments: TwoLevelType.allCases)
    func everyWayToReadGivesTheStoredValues(_ type: TwoLevelType) throws {
        let (out, inputs) = (131, 768)
        let quantized = matrix(type, out: out, inputs: inputs)
        let values = quantized.dequantized()
        var rowMajor = [Float](repeating: .nan, count: out * inputs)
        #expect(rowMajor.withUnsafeMutableBytes { quantized.writeDequantized(rowMajor: $0, as: .float32) })
        let packed = PackedRows(packing: quantized.codes, bits: type.bits)
        #expect(packed.unpacked() == quantized.codes)
        let parts = try #require(quantized.twoLevel)
        var fromPacked = Matrix<Float>(repeating: .nan, rows: out, columns: inputs)
        let unpacked = packed.words.withUnsafeBytes { words -> QuantizedMatrix? in
            guard let base = words.baseAddress else { return nil }
            let matrix = PackedMatrix(
                codes: PackedCodes(base: base, rows: out, columns: inputs, bits: type.bits), twoLevel: parts)
            let isFinite = fromPacked.withMutableView { matrix.dequantize(into: $0, as: .float32) }
            #expect(isFinite)
            return matrix.unpacked()
        }
        #expect(unpacked == quantized)
        for i in 0..<out {
            for j in 0..<inputs {
                let value = try expected(quantized, i, j)
                // Zeros of either sign are equal.
                guard values[i, j] == value && rowMajor[i * inputs + j] == value && fromPacked[i, j] == value else {
                    Issue.record("[\(i), \(j)] is \(values[i, j]), expected \(value)")
                    return
                }
            }
        }
        #expect(quantized.offsets == parts.effectiveOffsets)
        #expect((quantized.offsets != nil) == type.hasOffsets)
        #expect(quantized.bits == type.bits)
        #expect(quantized.groupSize == type.groupSize)
    }
}
