import AdaDimLinearAlgebra

/// Packed codes [rows, columns] that belong to another, at any address: the words of ``PackedRows``, row after row. Valid
/// only inside the call that the owner passes them to.
package struct PackedCodes: @unchecked Sendable {
    package let base: UnsafeRawPointer
    package let rows: Int
    package let columns: Int
    package let bits: Int

    /// - Precondition: `bits` is 1 to 8, and there are `rows` times ``PackedRows/wordsPerRow(columns:bits:)`` words.
    package init(base: UnsafeRawPointer, rows: Int, columns: Int, bits: Int) {
        precondition((1...8).contains(bits), "codes of \(bits) bits")
        self.base = base
        self.rows = rows
        self.columns = columns
        self.bits = bits
    }

    /// The words of a row.
    func row(_ i: Int) -> UnsafeRawPointer {
        base + i * 4 * PackedRows.wordsPerRow(columns: columns, bits: bits)
    }

    /// The codes, a byte each.
    package func unpacked() -> Matrix<UInt8> {
        var result = Matrix<UInt8>(uninitialized: rows, columns)
        result.withMutableView { codes in
            concurrently(rows, by: PackingStrip.rows) { rows in
                for columns in PackingStrip.runs(of: columns) {
                    PackingStrip.unpack(
                        self, rows: rows, columns: columns, into: codes[rows: rows, columns: columns])
                }
            }
        }
        return result
    }
}
