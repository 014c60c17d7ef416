extension JSONParser {
    mutating func number() throws(JSONFailure) -> JSONValue {
        let start = position
        if take("-") {
            if dialect == .python, next == UInt8(ascii: "I") { return try word("Infinity", .real(-.infinity)) }
            guard isDigit(next) else { throw unexpected("a digit") }
        }
        guard isDigit(next) else { throw unexpected("a value") }
        // No other digit follows a zero.
        if !take("0") { skipDigits() }
        let integerEnd = position
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("-") { _ = take("+") }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if position == integerEnd, let integer = Int(text) { return .integer(integer) }
        guard let real = Double(text), real.isFinite || dialect == .python else {
            throw failure("found the number \(text.prefix(40)), expected one that a double can hold", at: start)
        }
        return .real(real)
    }

    private mutating func digits() throws(JSONFailure) {
        guard isDigit(next) else { throw unexpected("a digit") }
        skipDigits()
    }

    private mutating func skipDigits() {
        while isDigit(next) { position += 1 }
    }

    private func isDigit(_ byte: UInt8?) -> Bool { byte.map { (0x30...0x39).contains($0) } ?? false }
}
