import OrderedCollections

/// A reader of one JSON text, from its beginning to its end.
struct JSONParser {
    let bytes: [UInt8]
    let dialect: JSONDialect
    /// Where the text begins in the bytes.
    private let start: Int
    var position: Int
    private(set) var memberRanges: [ByteString: Range<Int>] = [:]
    private(set) var repetitions: JSONDocument.Repetitions?

    init(_ bytes: [UInt8], from start: Int, _ dialect: JSONDialect) throws(JSONFailure) {
        self.bytes = bytes
        self.dialect = dialect
        self.start = start
        position = start
        if let offset = Self.offsetOfInvalidUTF8(bytes) {
            let byte = String(bytes[offset], radix: 16, uppercase: true)
            throw failure(
                "found the byte 0x\(byte.count < 2 ? "0" : "")\(byte) (at offset \(offset)), expected UTF-8", at: offset
            )
        }
    }

    /// The value that is the whole text.
    mutating func document() throws(JSONFailure) -> JSONValue {
        skipWhitespace()
        let value = try value(depth: 0)
        skipWhitespace()
        guard position == bytes.count else { throw unexpected("the end of the text") }
        return value
    }

    private mutating func value(depth: Int) throws(JSONFailure) -> JSONValue {
        guard depth < dialect.maximumDepth else {
            throw failure("nested deeper than \(dialect.maximumDepth) levels, expected fewer")
        }
        switch next {
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

    private mutating func object(depth: Int) throws(JSONFailure) -> JSONValue {
        position += 1
        var members: OrderedDictionary<ByteString, JSONValue> = [:]
        skipWhitespace()
        if take("}") { return .object(members) }
        while true {
            let place = position
            guard next == UInt8(ascii: "\"") else {
                throw unexpected(members.isEmpty ? "a key in quotation marks or '}'" : "a key in quotation marks")
            }
            let key = ByteString(try string())
            skipWhitespace()
            guard take(":") else { throw unexpected("':'") }
            skipWhitespace()
            let start = position
            let member = try value(depth: depth + 1)
            if depth == 0 { memberRanges[key] = start..<position }
            if let earlier = members.updateValue(member, forKey: key) {
                try note(key, at: place, isAnother: earlier != member)
            }
            skipWhitespace()
            if take("}") { return .object(members) }
            guard take(",") else { throw unexpected("',' or '}'") }
            skipWhitespace()
        }
    }

    /// - Parameters:
    ///   - key: one that the object had before.
    ///   - isAnother: whether its value is another one than before.
    private mutating func note(_ key: ByteString, at place: Int, isAnother: Bool) throws(JSONFailure) {
        if dialect == .python && !isAnother { return }
        // Lines are counted for the first one only: a file may have any number of them.
        if repetitions != nil {
            repetitions?.count += 1
            return
        }
        let failure = failure("found the key \"\(key)\" once more, expected each key once in an object", at: place)
        guard dialect == .python else { throw failure }
        repetitions = JSONDocument.Repetitions(firstKey: key.description, firstLine: failure.line, count: 1)
    }

    private mutating func array(depth: Int) throws(JSONFailure) -> JSONValue {
        position += 1
        var elements: [JSONValue] = []
        skipWhitespace()
        if take("]") { return .array(elements) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipWhitespace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw unexpected("',' or ']'") }
            skipWhitespace()
        }
    }

    mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONFailure) -> JSONValue {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count, text.description.utf8.elementsEqual(bytes[position..<position + count])
        else { throw unexpected("a value") }
        position += count
        return value
    }
}

// Steps and failures.

extension JSONParser {
    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipWhitespace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    /// Passes over a character, if it comes next.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    func failure(_ problem: String, at place: Int? = nil) -> JSONFailure {
        JSONFailure(after: bytes[start..<max(start, place ?? position)], problem)
    }

    /// Names what comes next.
    func unexpected(_ expected: String) -> JSONFailure { failure("found \(found), expected \(expected)") }

    private var found: String {
        let rest = String(decoding: bytes[position..<min(position + 4, bytes.count)], as: UTF8.self)
        guard let scalar = rest.unicodeScalars.first else { return "the end of the text" }
        return scalar.isVisible ? "'\(scalar)'" : scalar.codePoint
    }

    private static func offsetOfInvalidUTF8(_ bytes: [UInt8]) -> Int? {
        if String(validating: bytes, as: UTF8.self) != nil { return nil }
        var (iterator, parser, offset) = (bytes.makeIterator(), UTF8.ForwardParser(), 0)
        while case .valid(let scalar) = parser.parseScalar(from: &iterator) { offset += scalar.count }
        return offset
    }
}

extension Unicode.Scalar {
    fileprivate var isVisible: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator, .nonspacingMark, .enclosingMark:
            false
        default: true
        }
    }

    /// U+0009, for example.
    var codePoint: String {
        let digits = String(value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
