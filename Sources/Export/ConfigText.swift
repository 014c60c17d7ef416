import AdaDimCheckpoint
import Foundation

/// The text of config.json, in which one member can be set while everything else stays as it is, byte by byte.
package struct ConfigText {
    private let file: String
    private let text: JSONText
    private let members: [String: JSONValue]

    package init(_ data: Data, file: String) throws(ExportError) {
        text = JSONText(data)
        guard let members = try? text.members() else { throw .badConfig(file: file, reason: "not a JSON object") }
        self.file = file
        self.members = members
    }

    /// The text with `value`, which is JSON, under a key that was missing or null.
    package func setting(_ key: String, to value: Data) throws(ExportError) -> Data {
        guard members[key] == nil || members[key] == .null else {
            throw .badConfig(file: file, reason: "holds \(key) already, expected an unquantized model's")
        }
        let places = text.valueStarts[key] ?? []
        guard places.count <= 1 else {
            throw .badConfig(file: file, reason: "holds \(key) \(places.count) times, expected it once at most")
        }
        var result = text.bytes
        if let start = places.first {
            result.replaceSubrange(start..<min(start + "null".utf8.count, result.count), with: value)
        } else if let close = result.lastIndex(of: UInt8(ascii: "}")),
            let last = result[..<close].lastIndex(where: { !JSONText.isWhitespace($0) })
        {
            let member = (members.isEmpty ? "" : ",") + "\n  \"\(key)\": "
            result.replaceSubrange(last + 1..<close, with: member.utf8 + value + "\n".utf8)
        }
        // Text that was not read as UTF-8, or not as expected, must not go out damaged.
        var expected = members
        expected[key] = try? JSONDecoder().decode(JSONValue.self, from: value)
        let data = Data(result)
        guard (try? JSONText(data).members()) == expected else {
            throw .badConfig(file: file, reason: "\(key) could not be set in it, expected JSON in UTF-8")
        }
        return data
    }
}
