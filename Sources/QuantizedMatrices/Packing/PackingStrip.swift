import AdaDimLinearAlgebra

/// A few rows side by side, transposed in a buffer that stays in cache: codes are column-major outside the buffer,
/// row-major inside. A row's stream fills whole words, row after row.
enum PackingStrip {
    static let rows = 64
    /// Codes of a row that are handled at once; a multiple of 32, so that each run begins at a word.
    private static let columns = 256

    /// The runs of so many codes that are handled at once.
    static func runs(of count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: columns).map { $0..<min($0 + columns, count) }
    }

    /// Calls `body` with room for a strip's codes in one run, column after column.
    static func withCodes(_ body: (MutableMatrixView<UInt8>) -> Void) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: rows * columns) { buffer in
            guard let base = buffer.baseAddress else { return }
            body(MutableMatrixView(base: base, rows: rows, columns: columns, leadingDimension: rows))
        }
    }

    static func pack(
        _ codes: MatrixView<UInt8>, rows: Range<Int>, bits: Int, into words: UnsafeMutableRawPointer
    ) {
        let rowBytes = 4 * PackedRows.wordsPerRow(columns: codes.columns, bits: bits)
        withBuffers { tile, stream in
            for start in stride(from: 0, to: codes.columns, by: columns) {
                let width = min(columns, codes.columns - start)
                let octets = (width + 7) / 8
                for j in 0..<octets * 8 {
                    if j < width {
                        let column = codes.column(start + j) + rows.lowerBound
                        for r in 0..<rows.count { tile[r &* columns &+ j] = column[r] }
                    } else {
                        for r in 0..<rows.count { tile[r &* columns &+ j] = 0 }
                    }
                }
                let wordCount = PackedRows.wordsPerRow(columns: width, bits: bits)
                for (r, i) in rows.enumerated() {
                    let row = UnsafeRawPointer(tile + r * columns)
                    var seen: UInt64 = 0
                    // The last word may reach beyond the last octet, where an earlier row left its own.
                    stream.storeBytes(of: 0, toByteOffset: octets * bits, as: UInt64.self)
                    for octet in 0..<octets {
                        let eight = row.load(fromByteOffset: 8 &* octet, as: UInt64.self)
                        seen |= eight
                        // Eight bytes are stored, of which the next octet overwrites those beyond this one's own.
                        stream.storeBytes(
                            of: packedOctet(eight, bits: UInt64(bits)), toByteOffset: octet &* bits, as: UInt64.self)
                    }
                    let allowed = ((UInt64(1) << UInt64(bits)) &- 1) &* 0x0101_0101_0101_0101
                    precondition(seen & ~allowed == 0, "a code in row \(i) does not fit \(bits) bits")
                    (words + i * rowBytes + start / 8 * bits)
                        .copyMemory(from: stream, byteCount: 4 * wordCount)
                }
            }
        }
    }

    /// Unpacks some rows of one of the ``runs(of:)`` of columns, a byte each, into codes of that shape.
    static func unpack(
        _ packed: PackedCodes, rows: Range<Int>, columns run: Range<Int>, into codes: MutableMatrixView<UInt8>
    ) {
        let bits = packed.bits
        let wordCount = PackedRows.wordsPerRow(columns: run.count, bits: bits)
        withBuffers { tile, stream in
            for (r, i) in rows.enumerated() {
                let row = UnsafeMutableRawPointer(tile + r * columns)
                stream.copyMemory(from: packed.row(i) + run.lowerBound / 8 * bits, byteCount: 4 * wordCount)
                for octet in 0..<(run.count + 7) / 8 {
                    let eight = stream.loadUnaligned(fromByteOffset: octet &* bits, as: UInt64.self)
                    row.storeBytes(
                        of: unpackedOctet(eight, bits: UInt64(bits)), toByteOffset: 8 &* octet, as: UInt64.self)
                }
            }
            for j in 0..<run.count {
                let column = codes.column(j)
                for r in 0..<rows.count { column[r] = tile[r &* columns &+ j] }
            }
        }
    }

    /// Calls `body` with a tile of codes [rows, columns], row-major, and memory for one row's stream and a word of
    /// eight bytes more.
    private static func withBuffers(_ body: (UnsafeMutablePointer<UInt8>, UnsafeMutableRawPointer) -> Void) {
        let (tileBytes, streamBytes) = (rows * columns, columns + 8)
        withUnsafeTemporaryAllocation(byteCount: tileBytes + streamBytes, alignment: 8) { buffer in
            guard let base = buffer.baseAddress else { return }
            (base + tileBytes).initializeMemory(as: UInt8.self, repeating: 0, count: streamBytes)
            body(base.bindMemory(to: UInt8.self, capacity: tileBytes), base + tileBytes)
        }
    }
}
