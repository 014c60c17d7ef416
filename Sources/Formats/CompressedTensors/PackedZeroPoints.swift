import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// Zero points as strategies `group` and `channel` have them: I32 [⌈out·b/32⌉, in/g], each column a dense bit stream of
/// unsigned zero points along out.
struct PackedZeroPoints {
    /// Words [wordRows, columns], row after row.
    let words: [UInt32]
    let wordRows: Int
    let columns: Int

    /// Packs zero points [out, in/g].
    init(packing zeroPoints: Matrix<UInt8>, bits: Int) {
        let streams = PackedRows(
            packing: Matrix(rows: zeroPoints.columns, columns: zeroPoints.rows) { zeroPoints[$1, $0] }, bits: bits)
        words = Self.transposed(streams.words, rows: streams.rows, columns: streams.wordsPerRow)
        (wordRows, columns) = (streams.wordsPerRow, streams.rows)
    }

    /// The zero points [rows, columns] in such words, little-endian.
    /// - Precondition: as many bytes as the words take.
    static func unpack(_ bytes: UnsafeRawBufferPointer, rows: Int, columns: Int, bits: Int) -> Matrix<UInt8> {
        let wordRows = PackedRows.wordsPerRow(columns: rows, bits: bits)
        precondition(bytes.count == wordRows * columns * 4, "\(bytes.count) bytes of zero points")
        let words = (0..<wordRows * columns).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self) }
        let streams = transposed(words, rows: wordRows, columns: columns)
        return streams.withUnsafeBytes { streams in
            guard let base = streams.baseAddress else { return Matrix(repeating: 0, rows: rows, columns: columns) }
            let found = PackedCodes(base: base, rows: columns, columns: rows, bits: bits).unpacked()
            return Matrix(rows: rows, columns: columns) { found[$1, $0] }
        }
    }

    private static func transposed(_ words: [UInt32], rows: Int, columns: Int) -> [UInt32] {
        var result = [UInt32](repeating: 0, count: words.count)
        for r in 0..<rows {
            for c in 0..<columns { result[c * rows + r] = words[r * columns + c] }
        }
        return result
    }
}
