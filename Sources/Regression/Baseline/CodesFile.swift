import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Foundation

/// A run's codes on the disk: the words of its packed rows, little-endian, and nothing else; shape, bits and the codes'
/// digest are in the baseline.
enum CodesFile {
    /// The case's number and name and the run's, with letters, digits and points alone.
    static func name(case index: Int, _ record: CaseRecord, run: String) -> String {
        let text = "\(record.name) \(run)".map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") ? $0 : "-" }
        let number = String(index)
        return String(repeating: "0", count: max(0, 3 - number.count)) + number + "-" + String(text.prefix(120))
            + ".bin"
    }

    /// Whether ``name(case:_:run:)`` gives such names.
    static func isName(_ name: String) -> Bool {
        let parts = name.split(separator: "-", maxSplits: 1)
        return parts.count == 2 && parts[0].count >= 3 && parts[0].allSatisfy(\.isNumber) && name.hasSuffix(".bin")
    }

    static func encode(_ packed: PackedRows) -> Data {
        packed.words.map(\.littleEndian).withUnsafeBytes { Data($0) }
    }

    /// Bytes that a run's file has, by the baseline.
    static func byteCount(
        _ record: CaseRecord, _ run: CaseRecord.Run, path: String
    ) throws(RegressionError) -> Int {
        // No layer is larger, and the products below stay under 2⁶³.
        let sizes = 1...(1 << 30)
        guard sizes.contains(record.out), sizes.contains(record.inputs), (1...8).contains(run.bits) else {
            throw .damaged(
                path: path,
                reason: "the baseline has shape [\(record.out), \(record.inputs)] with \(run.bits) bits for it")
        }
        return record.out * PackedRows.wordsPerRow(columns: record.inputs, bits: run.bits) * 4
    }

    static func decode(
        _ data: Data, _ record: CaseRecord, _ run: CaseRecord.Run, path: String
    ) throws(RegressionError) -> PackedRows {
        let expected = try byteCount(record, run, path: path)
        guard data.count == expected else {
            throw .damaged(path: path, reason: "it has \(data.count) bytes, expected \(expected)")
        }
        let packed = PackedRows(
            words: data.withUnsafeBytes { bytes in
                (0..<expected / 4).map {
                    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self))
                }
            }, rows: record.out, columns: record.inputs, bits: run.bits)
        guard Digest.text(packed.unpacked()) == run.codes else {
            throw .damaged(path: path, reason: "its codes are not those of the baseline's digest \(run.codes)")
        }
        return packed
    }
}
