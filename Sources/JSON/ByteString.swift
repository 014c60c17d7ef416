/// A text as UTF-8 bytes, compared byte by byte.
///
/// Swift's `String` compares by canonical equivalence: as dictionary keys, "Ω" (U+03A9) and the ohm sign "Ω" (U+2126)
/// would be one. Vocabularies contain both, and both composed and decomposed letters. Half of a surrogate pair, which
/// no `String` can hold, is three bytes here.
package struct ByteString: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    package var bytes: [UInt8]

    @inlinable package init(_ bytes: [UInt8]) { self.bytes = bytes }
    @inlinable package init(_ bytes: ArraySlice<UInt8>) { self.bytes = Array(bytes) }
    @inlinable package init(_ text: String) { bytes = Array(text.utf8) }
    package init(stringLiteral text: StaticString) { self.init(text.description) }

    /// What is no character is shown as U+FFFD.
    package var description: String { String(decoding: bytes, as: UTF8.self) }

    /// Nil where it holds half of a surrogate pair.
    package var text: String? { String(validating: bytes, as: UTF8.self) }

    @inlinable package static func == (left: ByteString, right: ByteString) -> Bool { left.bytes == right.bytes }

    @inlinable package func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}
