import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// Packed codes compared with the codes: as the engine unpacks them, and bit by bit as the format defines.
enum PackingJudge {
    /// - Returns: the packed codes; nil if they do not fit their bits.
    static func judge(_ codes: Matrix<UInt8>, bits: Int, into findings: inout Findings) -> PackedRows? {
        // A code that is too large is another identity's affair, and packing would trap on nothing better.
        let isPackable = codes.withView { codes in
            (0..<codes.columns).allSatisfy { j in (0..<codes.rows).allSatisfy { Int(codes[$0, j]) < 1 << bits } }
        }
        guard isPackable else { return nil }
        let packed = PackedRows(packing: codes, bits: bits)
        let isUnpacked = packed.unpacked() == codes
        let place = firstDifference(packed, codes, bits)
        let text =
            place.map { "packed code [\($0.row), \($0.column)] is another than the code" }
            ?? (isUnpacked ? "packing loses nothing" : "unpacking does not give the codes back")
        findings.add(.packing, ratio: isUnpacked && place == nil ? 0 : .infinity, text)
        return packed
    }

    /// Code (i, j) is bits j·b … j·b + b − 1 of row i, the first bit the lowest of the first word.
    private static func firstDifference(_ packed: PackedRows, _ codes: Matrix<UInt8>, _ bits: Int) -> (
        row: Int, column: Int
    )? {
        let width = (codes.columns * bits + 31) / 32
        return codes.withView { codes in
            packed.words.withUnsafeBufferPointer { words in
                for i in 0..<codes.rows {
                    for j in 0..<codes.columns {
                        let (word, shift) = (i * width + j * bits / 32, j * bits % 32)
                        var stream = UInt64(words[word])
                        if shift + bits > 32 { stream |= UInt64(words[word + 1]) << 32 }
                        if UInt8(truncatingIfNeeded: stream >> UInt64(shift)) & UInt8((1 << bits) - 1) != codes[i, j] {
                            return (i, j)
                        }
                    }
                }
                return nil
            }
        }
    }
}
