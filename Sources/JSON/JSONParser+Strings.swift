extension JSONParser {
    /// The bytes of a string, whose opening quotation mark is next.
    mutating func string() throws(JSONFailure) -> [UInt8] {
        let opening = position
        position += 1
        var text: [UInt8] = []
        // What needs no change is copied in one piece.
        var pieceStart = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let piece = bytes[pieceStart..<position]
                position += 1
                guard !text.isEmpty else { return Array(piece) }
                text += piece
                return text
            case UInt8(ascii: "\\"):
                text += bytes[pieceStart..<position]
                position += 1
                try escape(into: &text)
                pieceStart = position
            case let byte where byte < 0x20:
                throw failure(
                    "found the control character \(Unicode.Scalar(byte).codePoint) in a string, expected it escaped")
            default: position += 1
            }
        }
        throw failure("found a string without an end, expected a closing quotation mark", at: opening)
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONFailure) {
        switch next {
        case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
        case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "/"): text.append(UInt8(ascii: "/"))
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): return try unicodeEscape(into: &text)
        default: throw unexpected("one of \"\\/bfnrtu after a backslash")
        }
        position += 1
    }

    private mutating func unicodeEscape(into text: inout [UInt8]) throws(JSONFailure) {
        let place = position - 1
        position += 1
        let code = try pairedUnits(try hexadecimalUnit())
        if let scalar = Unicode.Scalar(code) {
            text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        } else {
            guard dialect == .python else {
                throw failure("found half of a surrogate pair, expected both halves", at: place)
            }
            text += [UInt8(0xE0 | code >> 12), UInt8(0x80 | code >> 6 & 0x3F), UInt8(0x80 | code & 0x3F)]
        }
    }

    /// A unit of UTF-16, or the scalar that it makes with the one that is escaped after it.
    private mutating func pairedUnits(_ unit: UInt32) throws(JSONFailure) -> UInt32 {
        guard (0xD800..<0xDC00).contains(unit), bytes[position...].starts(with: "\\u".utf8) else { return unit }
        let place = position
        position += 2
        let low = try hexadecimalUnit()
        guard (0xDC00..<0xE000).contains(low) else {
            position = place
            return unit
        }
        return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
    }

    private mutating func hexadecimalUnit() throws(JSONFailure) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, byte < 0x80, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw unexpected("four hexadecimal digits after \\u")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }
}
