import OrderedCollections

/// A strict reader of JSON (RFC 8259) that also refuses duplicate keys.
struct JSONParser {
    struct Failure: Error {
        let offset: Int
        let problem: String
    }

    /// Deeper nesting than any tokenizer has would only serve to exhaust the stack.
    static let maximumDepth = 64

    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    static func parse(_ bytes: [UInt8]) throws(Failure) -> JSONValue {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw Failure(offset: 0, problem: "the text is not valid UTF-8")
        }
        var parser = JSONParser(bytes)
        let value = try parser.value(depth: 0)
        parser.skipWhitespace()
        guard parser.position == bytes.count else { throw parser.failure("more text follows the document's end") }
        return value
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
        default: return try number()
        }
    }

    private mutating func word(_ text: String, _ value: JSONValue) throws(Failure) -> JSONValue {
        guard bytes[position...].starts(with: text.utf8) else { throw failure("expected a value") }
        position += text.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(Failure) -> JSONValue {
        try expect("{")
        var members: OrderedDictionary<ByteString, JSONValue> = [:]
        skipWhitespace()
        if next == UInt8(ascii: "}") {
            position += 1
            return .object(members)
        }
        while true {
            skipWhitespace()
            let key = ByteString(try string())
            skipWhitespace()
            try expect(":")
            let member = try value(depth: depth + 1)
            guard members.updateValue(member, forKey: key) == nil else {
                throw failure("the key \"\(key)\" appears twice in one object")
            }
            skipWhitespace()
            if next == UInt8(ascii: ",") {
                position += 1
            } else {
                try expect("}")
                return .object(members)
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
            var code = try hexadecimalUnit()
            if (0xD800..<0xDC00).contains(code), next == UInt8(ascii: "\\") {
                position += 1
                try expect("u")
                let low = try hexadecimalUnit()
                guard (0xDC00..<0xE000).contains(low) else { throw failure("half of a surrogate pair") }
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("half of a surrogate pair") }
            text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default: throw failure("an unknown escape in a string")
        }
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
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if let integer = Int(text), !text.hasPrefix("+") { return .integer(integer) }
        guard let real = Double(text), real.isFinite, text.first == "-" || text.first?.isNumber == true else {
            position = start
            throw failure("expected a value")
        }
        return .real(real)
    }
}
