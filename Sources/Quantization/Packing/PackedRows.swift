import AdaDimLinearAlgebra

/// The codes of a weight [out, in] as 32-bit words: each row a dense bit stream along in, least significant bit first,
/// codes straddling words, zeros after the last one up to a whole word.
public struct PackedRows: Sendable, Equatable {
    public let rows: Int
    public let columns: Int
    /// Bits of a code, 1 to 8.
    public let bits: Int
    /// Words [rows, wordsPerRow], row after row.
    public let words: [UInt32]

    public var wordsPerRow: Int { Self.wordsPerRow(columns: columns, bits: bits) }

    /// ⌈columns·bits / 32⌉.
    public static func wordsPerRow(columns: Int, bits: Int) -> Int { (columns * bits + 31) / 32 }

    /// Packs codes [out, in].
    /// - Precondition: `bits` is 1 to 8 and every code is below 2^bits.
    public init(packing codes: Matrix<UInt8>, bits: Int) {
        precondition((1...8).contains(bits), "codes of \(bits) bits")
        rows = codes.rows
        columns = codes.columns
        self.bits = bits
        let (rows, wordsPerRow) = (rows, Self.wordsPerRow(columns: columns, bits: bits))
        words = [UInt32](unsafeUninitializedCapacity: rows * wordsPerRow) { buffer, count in
            count = rows * wordsPerRow
            guard let start = buffer.baseAddress, count > 0 else { return }
            let target = MutableMatrixView(base: start, rows: wordsPerRow, columns: rows, leadingDimension: wordsPerRow)
            codes.withView { codes in
                concurrently(rows, by: PackingStrip.rows) {
                    PackingStrip.pack(codes, rows: $0, bits: bits, into: target)
                }
            }
        }
    }

    /// Codes that were packed before.
    /// - Precondition: there are `rows` times ``wordsPerRow`` words.
    package init(words: [UInt32], rows: Int, columns: Int, bits: Int) {
        precondition((1...8).contains(bits), "codes of \(bits) bits")
        precondition(
            words.count == rows * Self.wordsPerRow(columns: columns, bits: bits),
            "\(words.count) words for codes [\(rows), \(columns)] of \(bits) bits")
        self.rows = rows
        self.columns = columns
        self.bits = bits
        self.words = words
    }

    /// The codes [out, in].
    public func unpacked() -> Matrix<UInt8> {
        var result = Matrix<UInt8>(uninitialized: rows, columns)
        guard result.count > 0 else { return result }
        let (bits, wordsPerRow) = (bits, wordsPerRow)
        words.withUnsafeBufferPointer { words in
            guard let start = words.baseAddress else { return }
            let source = MatrixView(base: start, rows: wordsPerRow, columns: rows, leadingDimension: wordsPerRow)
            result.withMutableView { codes in
                concurrently(rows, by: PackingStrip.rows) {
                    PackingStrip.unpack(source, rows: $0, bits: bits, into: codes)
                }
            }
        }
        return result
    }
}
