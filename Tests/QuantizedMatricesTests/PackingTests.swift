import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import Testing

@Suite("Bit packing")
struct PackingTests {
    /// Codes without a pattern that a shift could hide.
    private func codes(_ rows: Int, _ columns: Int, bits: Int) -> Matrix<UInt8> {
        var state: UInt64 = 88_172_645_463_325_252
        return Matrix(rows: rows, columns: columns) { _, _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state >> 40) & UInt8((1 << bits) - 1)
        }
    }

    /// The layout bit by bit: bit b of code j of a row is bit (j·bits + b) of the row's words, all others are zero.
    @Test(arguments: 1...8, [(1, 1), (3, 7), (64, 24), (65, 33), (2, 255), (130, 257), (1, 600)])
    func everyBitIsInItsPlace(_ bits: Int, _ shape: (Int, Int)) {
        let codes = codes(shape.0, shape.1, bits: bits)
        let packed = PackedRows(packing: codes, bits: bits)
        #expect(packed.wordsPerRow == (shape.1 * bits + 31) / 32)
        var expected = [UInt32](repeating: 0, count: shape.0 * packed.wordsPerRow)
        for i in 0..<shape.0 {
            for j in 0..<shape.1 {
                for b in 0..<bits where codes[i, j] >> b & 1 == 1 {
                    let position = j * bits + b
                    expected[i * packed.wordsPerRow + position / 32] |= 1 << UInt32(position % 32)
                }
            }
        }
        #expect(packed.words == expected)
        #expect(packed.unpacked() == codes)
    }

    @Test func nothingToPack() {
        for (rows, columns) in [(0, 5), (5, 0), (0, 0)] {
            let packed = PackedRows(packing: Matrix(repeating: 0, rows: rows, columns: columns), bits: 3)
            #expect(packed.words.isEmpty && packed.unpacked().rows == rows && packed.unpacked().columns == columns)
        }
    }
}
