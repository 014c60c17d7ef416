import AdaDimCheckpoint
import Foundation

/// The text of config.json, in which one member can be set while everything else stays as it is, byte by byte.
package struct ConfigText {
    private let file: String
    private let bytes: [UInt8]
    private let members: [String: JSONValue]

    package init(_ data: Data, file: String) throws(ExportError) {
        guard let members = Self.decode(data) else { throw .badConfig(file: file, reason: "not a JSON object") }
        self.file = file
        self.members = members
        bytes = [UInt8](data)
    }

    /// The text with `value`, which is JSON, under a key that was missing or null.
    package func setting(_ key: String, to value: Data) throws(ExportError) -> Data {
        guard members[key] == nil || members[key] == .null else {
            throw .badConfig(file: file, reason: "holds \(key) already, expected an unquantized model's")
        }
        let places = valueStarts(of: key)
        guard places.count <= 1 else {
            throw .badConfig(file: file, reason: "holds \(key) \(places.count) times, expected it once at most")
        }
        var result = bytes
        if let start = places.first {
            result.replaceSubrange(start..<min(start + "null".utf8.count, result.count), with: value)
        } else if let close = bytes.lastIndex(of: UInt8(ascii: "}")),
            let last = bytes[..<close].lastIndex(where: { !Self.isWhitespace($0) })
        {
            let member = (members.isEmpty ? "" : ",") + "\n  \"\(key)\": "
            result.replaceSubrange(last + 1..<close, with: member.utf8 + value + "\n".utf8)
        }
        // Text that was not read as UTF-8, or not as expected, must not go out damaged.
        var expected = members
        expected[key] = try? JSONDecoder().decode(JSONValue.self, from: value)
        let data = Data(result)
        guard Self.decode(data) == expected else {
            throw .badConfig(file: file, reason: "\(key) could not be set in it, expected JSON in UTF-8")
        }
        return data
    }

    private static func decode(_ data: Data) -> [String: JSONValue]? {
        try? JSONDecoder().decode([String: JSONValue].self, from: data)
    }

    /// Where the values under a key of the outermost object begin.
    private func valueStarts(of key: String) -> [Int] {
        var starts: [Int] = []
        var (depth, i) = (0, 0)
        while i < bytes.count {
            switch bytes[i] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                let end = endOfString(from: i)
                let colon = nextText(from: end)
                // Only keys have a colon behind them.
                if depth == 1, colon < bytes.count, bytes[colon] == UInt8(ascii: ":"),
                    (try? JSONDecoder().decode(String.self, from: Data(bytes[i..<end]))) == key
                {
                    starts.append(nextText(from: colon + 1))
                }
                i = end
                continue
            default: break
            }
            i += 1
        }
        return starts
    }

    /// The place behind the closing quote of a string.
    private func endOfString(from start: Int) -> Int {
        var i = start + 1
        while i < bytes.count && bytes[i] != UInt8(ascii: "\"") { i += bytes[i] == UInt8(ascii: "\\") ? 2 : 1 }
        return min(i + 1, bytes.count)
    }

    private func nextText(from start: Int) -> Int {
        bytes[start...].firstIndex { !Self.isWhitespace($0) } ?? bytes.count
    }

    private static func isWhitespace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0a, 0x0d].contains(byte) }
}
