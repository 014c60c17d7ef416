import OrderedCollections

/// A strict reader of JSON (RFC 8259) that also refuses duplicate keys; or a reader of what Python's json module writes.
struct JSONParser {
    enum Dialect {
        case strict
        /// Infinity and NaN are numbers. Keys may appear twice, and half of a surrogate pair stands for itself, in three
        /// bytes that are no UTF-8: whoever asks for the value must look.
        case python
    }

    struct Failure: Error {
        let offset: Int
        let problem: String
    }

    /// Deeper nesting than any tokenizer has would only serve to exhaust the stack.
    static let maximumDepth = 64

    private let bytes: [UInt8]
    private let dialect: Dialect
    private var position = 0

    private init(_ bytes: [UInt8], _ dialect: Dialect) throws(Failure) {
        // Decoding repairs what is not UTF-8, so it changes such bytes.
        guard String(decoding: bytes, as: UTF8.self).utf8.elementsEqual(bytes) else {
            throw Failure(offset: 0, problem: "the text is not valid UTF-8")
        }
        self.bytes = bytes
        self.dialect = dialect
    }

    static func parse(_ bytes: [UInt8]) throws(Failure) -> JSONValue {
        var parser = try JSONParser(bytes, .strict)
        let value = try parser.value(depth: 0)
        try parser.end()
        return value
    }

    /// The members of a document that is an object, in order, those under one key all of them; its value where it is none.
    static func parseMembers(
        _ bytes: [UInt8], _ dialect: Dialect
    ) throws(Failure) -> (members: [(key: ByteString, value: JSONValue)]?, value: JSONValue?) {
        var parser = try JSONParser(bytes, dialect)
        parser.skipWhitespace()
        guard parser.next == UInt8(ascii: "{") else {
            let value = try parser.value(depth: 0)
            try parser.end()
            return (nil, value)
        }
        let members = try parser.members(depth: 0)
        try parser.end()
        return (members, nil)
    }

    private mutating func end() throws(Failure) {
        skipWhitespace()
        guard position == bytes.count else { throw failure("more text follows the document's end") }
    }

    private func failure(_ problem: String) -> Failure { Failure(offset: position, problem: problem) }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipWhitespace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(Failure) {
        guard let byte = next else { throw failure("the text ends where '\(character)' was expected") }
        guard byte == UInt8(ascii: character) else { throw failure("expected '\(character)'") }
        position += 1
    }

    private mutating func value(depth: Int) throws(Failure) -> JSONValue {
        guard depth < Self.maximumDepth else { throw failure("nested deeper than \(Self.maximumDepth) levels") }
        skipWhitespace()
        guard let byte = next else { throw failure("the text ends where a value was expected") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(ByteString(try string()))
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "N") where dialect == .python: return try word("NaN", .real(.nan))
        case UInt8(ascii: "I") where dialect == .python: return try word("Infinity", .real(.infinity))
        default: return try number()
        }
    }

    private mutating func word(_ text: String, _ value: JSONValue) throws(Failure) -> JSONValue {
        guard bytes[position...].starts(with: text.utf8) else { throw failure("expected a value") }
        position += text.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(Failure) -> JSONValue {
        var object: OrderedDictionary<ByteString, JSONValue> = [:]
        for (key, value) in try members(depth: depth) { object[key] = value }
        return .object(object)
    }

    private mutating func members(depth: Int) throws(Failure) -> [(key: ByteString, value: JSONValue)] {
        try expect("{")
        var members: [(key: ByteString, value: JSONValue)] = []
        var keys: Set<ByteString> = []
        skipWhitespace()
        if next == UInt8(ascii: "}") {
            position += 1
            return members
        }
        while true {
            skipWhitespace()
            let key = ByteString(try string())
            skipWhitespace()
            try expect(":")
            let member = try value(depth: depth + 1)
            guard dialect == .python || keys.insert(key).inserted else {
                throw failure("the key \"\(key)\" appears twice in one object")
            }
            members.append((key, member))
            skipWhitespace()
            if next == UInt8(ascii: ",") {
                position += 1
            } else {
                try expect("}")
                return members
            }
        }
    }

    private mutating func array(depth: Int) throws(Failure) -> JSONValue {
        try expect("[")
        var elements: [JSONValue] = []
        skipWhitespace()
        if next == UInt8(ascii: "]") {
            position += 1
            return .array(elements)
        }
        while true {
            elements.append(try value(depth: depth + 1))
            skipWhitespace()
            if next == UInt8(ascii: ",") {
                position += 1
            } else {
                try expect("]")
                return .array(elements)
            }
        }
    }

    private mutating func string() throws(Failure) -> [UInt8] {
        try expect("\"")
        var text: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return text
            case UInt8(ascii: "\\"): try escape(into: &text)
            case ..<0x20: throw failure("a control character stands unescaped in a string")
            default: text.append(byte)
            }
        }
        throw failure("the text ends inside a string")
    }

    private mutating func escape(into text: inout [UInt8]) throws(Failure) {
        guard let byte = next else { throw failure("the text ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            let code = try pairedUnits(try hexadecimalUnit())
            if let scalar = Unicode.Scalar(code) {
                text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            } else {
                guard dialect == .python else { throw failure("half of a surrogate pair") }
                text += [UInt8(0xE0 | code >> 12), UInt8(0x80 | code >> 6 & 0x3F), UInt8(0x80 | code & 0x3F)]
            }
        default: throw failure("an unknown escape in a string")
        }
    }

    /// A unit of UTF-16, or the scalar that it makes with the one that is escaped after it.
    private mutating func pairedUnits(_ unit: UInt32) throws(Failure) -> UInt32 {
        guard (0xD800..<0xDC00).contains(unit), bytes[position...].starts(with: "\\u".utf8) else { return unit }
        let start = position
        position += 2
        let low = try hexadecimalUnit()
        guard (0xDC00..<0xE000).contains(low) else {
            position = start
            return unit
        }
        return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
    }

    private mutating func hexadecimalUnit() throws(Failure) -> UInt32 {
        guard position + 4 <= bytes.count else { throw failure("the text ends inside a string") }
        var code: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw failure("expected four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
        }
        position += 4
        return code
    }

    private mutating func number() throws(Failure) -> JSONValue {
        let start = position
        let allowed: Set<UInt8> = Set("+-0123456789.eE".utf8)
        while let byte = next, allowed.contains(byte) { position += 1 }
        if dialect == .python, position == start + 1, bytes[start] == UInt8(ascii: "-"), next == UInt8(ascii: "I") {
            return try word("Infinity", .real(-.infinity))
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if let integer = Int(text), !text.hasPrefix("+") { return .integer(integer) }
        guard let real = Double(text), real.isFinite || dialect == .python,
            text.first == "-" || text.first?.isNumber == true
        else {
            position = start
            throw failure("expected a value")
        }
        return .real(real)
    }
}
