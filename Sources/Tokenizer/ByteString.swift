/// A token's text as UTF-8 bytes, compared byte by byte.
///
/// Swift's `String` compares by canonical equivalence: as dictionary keys, "Ω" (U+03A9) and the ohm sign "Ω" (U+2126)
/// would be one. Vocabularies hold both, and composed beside decomposed letters.
struct ByteString: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    var bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }
    init(_ bytes: ArraySlice<UInt8>) { self.bytes = Array(bytes) }
    init(_ text: String) { bytes = Array(text.utf8) }
    init(stringLiteral text: StaticString) { self.init(text.description) }

    var description: String { String(decoding: bytes, as: UTF8.self) }

    func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}
