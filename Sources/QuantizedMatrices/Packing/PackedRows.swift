import AdaDimLinearAlgebra

/// The codes of a weight [out, in] as 32-bit words: each row a dense bit stream along in, least significant bit first,
/// codes straddling words, zeros after the last one up to a whole word.
public struct PackedRows: Sendable, Equatable {
    /// Rows of the codes, out.
    public let rows: Int
    /// Columns of the codes, in.
    public let columns: Int
    /// Bits of a code, 1 to 8.
    public let bits: Int
    /// Words [rows, wordsPerRow], row after row.
    public let words: [UInt32]

    /// 32-bit words of a row, ⌈columns·bits / 32⌉.
    public var wordsPerRow: Int { Self.wordsPerRow(columns: columns, bits: bits) }

    /// 32-bit words that a row of so many codes takes, ⌈columns·bits / 32⌉.
    public static func wordsPerRow(columns: Int, bits: Int) -> Int { (columns * bits + 31) / 32 }

    /// Packs codes [out, in].
    /// - Precondition: `bits` is 1 to 8 and every code is below 2^bits.
    public init(packing codes: Matrix<UInt8>, bits: Int) {
        rows = codes.rows
        columns = codes.columns
        self.bits = bits
        let count = rows * Self.wordsPerRow(columns: columns, bits: bits)
        words = [UInt32](unsafeUninitializedCapacity: count) { buffer, initialized in
            Self.pack(codes, bits: bits, into: UnsafeMutableRawBufferPointer(buffer))
            initialized = count
        }
    }

    /// Packs codes [out, in] into words at any address.
    /// - Precondition: `bits` is 1 to 8, every code is below 2^bits, and `words` are rows·wordsPerRow of them.
    static func pack(_ codes: Matrix<UInt8>, bits: Int, into words: UnsafeMutableRawBufferPointer) {
        precondition((1...8).contains(bits), "codes of \(bits) bits")
        let bytes = 4 * codes.rows * wordsPerRow(columns: codes.columns, bits: bits)
        precondition(words.count >= bytes, "\(words.count) bytes for \(bytes) of packed codes")
        guard let start = words.baseAddress, bytes > 0 else { return }
        // Each run of rows has bytes of its own.
        nonisolated(unsafe) let target = start
        codes.withView { codes in
            concurrently(codes.rows, by: PackingStrip.rows) {
                PackingStrip.pack(codes, rows: $0, bits: bits, into: target)
            }
        }
    }

    /// Calls `body` with the codes, which are valid only inside it.
    package func withCodes<Result, Failure: Error>(
        _ body: (PackedCodes) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // The typed error through a rethrowing call. No words have an address of their own that nobody reads.
        try words.withUnsafeBytes { bytes in
            Swift.Result { () throws(Failure) in
                let base = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 4).unsafelyUnwrapped
                return try body(PackedCodes(base: base, rows: rows, columns: columns, bits: bits))
            }
        }.get()
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
        words.withUnsafeBytes { words in
            guard let base = words.baseAddress else { return Matrix(uninitialized: rows, columns) }
            return PackedCodes(base: base, rows: rows, columns: columns, bits: bits).unpacked()
        }
    }
}
