import AdaDimJSON
import Foundation

/// The text of config.json, in which one member can be set while everything else stays as it is, byte by byte.
package struct ConfigText {
    private let file: String
    private let bytes: [UInt8]
    private let document: JSONDocument

    package init(_ data: Data, file: String) throws(ExportError) {
        self.file = file
        bytes = [UInt8](data)
        do {
            document = try JSONDocument(bytes)
        } catch {
            throw .badConfig(file: file, reason: "not a JSON object: \(error)")
        }
        guard case .object = document.value else {
            throw .badConfig(file: file, reason: "not a JSON object: found \(document.value.summary)")
        }
    }

    /// The text with `value`, which is JSON, under a key that was missing or null.
    package func setting(_ key: String, to value: Data) throws(ExportError) -> Data {
        guard document.value[key] ?? .null == .null else {
            throw .badConfig(file: file, reason: "holds \(key) already, expected an unquantized model's")
        }
        var result = bytes
        if let range = document.memberRanges[ByteString(key)] {
            result.replaceSubrange(range, with: value)
        } else if let close = result.lastIndex(of: UInt8(ascii: "}")),
            let last = result[..<close].lastIndex(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) })
        {
            let member = (document.memberRanges.isEmpty ? "" : ",") + "\n  \"\(key)\": "
            result.replaceSubrange(last + 1..<close, with: member.utf8 + value + "\n".utf8)
        }
        // What is written must be what was read, with that member.
        var expected = document.value.members
        expected?[key] = try? JSONDocument([UInt8](value)).value
        guard let written = try? JSONDocument(result).value.members, written == expected else {
            throw .badConfig(file: file, reason: "\(key) could not be set in it, expected JSON")
        }
        return Data(result)
    }

    /// The text without a key and its value.
    package func removing(_ key: String) throws(ExportError) -> Data {
        guard let value = document.memberRanges[ByteString(key)] else { return Data(bytes) }
        var result = bytes
        // The key stands before the value, a colon and spaces between them.
        let name = [UInt8]("\"\(key)\"".utf8)
        let colon = bytes[..<value.lowerBound].lastIndex { !Self.isSpace($0) }
        let end = colon.flatMap { bytes[$0] == UInt8(ascii: ":") ? bytes[..<$0].lastIndex { !Self.isSpace($0) } : nil }
        if let end, end + 1 >= name.count, bytes[end + 1 - name.count...end].elementsEqual(name) {
            result.removeSubrange(Self.withComma(end + 1 - name.count..<value.upperBound, in: bytes))
        }
        var expected = document.value.members
        expected?[key] = nil
        guard let written = try? JSONDocument(result).value.members, written == expected else {
            throw .badConfig(file: file, reason: "\(key) could not be taken out of it, expected it once, by that name")
        }
        return Data(result)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    /// A member's place with the comma that goes with it, and the spaces on that side.
    private static func withComma(_ member: Range<Int>, in bytes: [UInt8]) -> Range<Int> {
        let comma = UInt8(ascii: ",")
        if let before = bytes[..<member.lowerBound].lastIndex(where: { !isSpace($0) }), bytes[before] == comma {
            return before..<member.upperBound
        }
        guard let after = bytes[member.upperBound...].firstIndex(where: { !isSpace($0) }), bytes[after] == comma else {
            return member
        }
        let next = bytes[(after + 1)...].firstIndex { !isSpace($0) } ?? after + 1
        return member.lowerBound..<next
    }
}
