/// Reads a header's bytes one after another; nothing is read past their end, and nothing is allocated by the word of the file
/// alone.
struct ByteCursor {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var available: Int { bytes.count - position }

    /// The next little-endian integer.
    mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        _ what: @autoclosure () -> String, as: Value.Type = Value.self
    ) throws(GGUFError.Problem) -> Value {
        let width = MemoryLayout<Value>.size
        guard available >= width else {
            throw .cutShort(what: what(), needed: UInt64(width), available: available)
        }
        defer { position += width }
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Value.self))
    }

    /// A number of entries, none of which takes fewer than `least` bytes.
    mutating func count(_ what: @autoclosure () -> String, least: Int) throws(GGUFError.Problem) -> Int {
        let stated: UInt64 = try integer("the number of \(what())")
        let most = available / least
        guard stated <= UInt64(most) else { throw .tooMany(what: what(), found: stated, most: most) }
        return Int(stated)
    }

    /// A length, and as many bytes of UTF-8.
    mutating func string(_ what: @autoclosure () -> String) throws(GGUFError.Problem) -> String {
        let length: UInt64 = try integer("the length of \(what())")
        guard length <= UInt64(available) else {
            throw .cutShort(what: what(), needed: length, available: available)
        }
        let end = position + Int(length)
        guard let text = String(validating: bytes[position..<end], as: UTF8.self) else { throw .notUTF8(what: what()) }
        position = end
        return text
    }
}
