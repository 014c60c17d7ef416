import Foundation

/// The text of a JSON object, as Python reads it: `NaN`, `Infinity` and `-Infinity` are numbers.
package struct JSONText {
    package let bytes: [UInt8]
    /// For each key of the outermost object, the places where its values begin: one, unless the key stands there twice.
    package let valueStarts: [String: [Int]]
    /// Where numbers stand that are not finite.
    private let words: [Range<Int>]

    package init(_ data: Data) {
        bytes = [UInt8](data)
        (valueStarts, words) = Self.scan(bytes)
    }

    /// The members of the outermost object.
    package func members() throws -> [String: JSONValue] {
        // Beside those words JSON5 would let pass much that Python does not: without them the text must be JSON.
        var plain = bytes
        for word in words {
            for place in word { plain[place] = UInt8(ascii: place == word.lowerBound ? "0" : " ") }
        }
        let decoder = JSONDecoder()
        let members = try decoder.decode([String: JSONValue].self, from: Data(plain))
        if words.isEmpty { return members }
        decoder.allowsJSON5 = true
        return try decoder.decode([String: JSONValue].self, from: Data(bytes))
    }

    private static func scan(_ bytes: [UInt8]) -> (valueStarts: [String: [Int]], words: [Range<Int>]) {
        var starts: [String: [Int]] = [:]
        var words: [Range<Int>] = []
        var (depth, i) = (0, 0)
        while i < bytes.count {
            switch bytes[i] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                let end = endOfString(in: bytes, from: i)
                let colon = nextText(in: bytes, from: end)
                // Only keys have a colon after them.
                if depth == 1, colon < bytes.count, bytes[colon] == UInt8(ascii: ":"),
                    let key = try? JSONDecoder().decode(String.self, from: Data(bytes[i..<end]))
                {
                    starts[key, default: []].append(nextText(in: bytes, from: colon + 1))
                }
                i = end
                continue
            default:
                if let word = JSONValue.notFiniteWords.first(where: { bytes[i...].starts(with: $0.utf8) }) {
                    words.append(i..<i + word.utf8.count)
                    i += word.utf8.count
                    continue
                }
            }
            i += 1
        }
        return (starts, words)
    }

    /// The place after the closing quote of a string.
    private static func endOfString(in bytes: [UInt8], from start: Int) -> Int {
        var i = start + 1
        while i < bytes.count && bytes[i] != UInt8(ascii: "\"") { i += bytes[i] == UInt8(ascii: "\\") ? 2 : 1 }
        return min(i + 1, bytes.count)
    }

    private static func nextText(in bytes: [UInt8], from start: Int) -> Int {
        bytes[start...].firstIndex { !isWhitespace($0) } ?? bytes.count
    }

    package static func isWhitespace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0a, 0x0d].contains(byte) }
}
