/// A set of Unicode scalars: what a character class matches.
struct ScalarSet: Sendable {
    indirect enum Expression: Sendable {
        case range(UInt32, UInt32)
        case categories(GeneralCategories)
        /// The White_Space property: Oniguruma's `\s`. Not U+001C...U+001F, nor U+200B.
        case whitespace
        /// Oniguruma's `\w` within a class.
        case word
        case union([Expression])
        case intersection([Expression])
        case complement(Expression)
    }

    let expression: Expression
    /// Membership of U+0000...U+007F, precomputed.
    private let low: (UInt64, UInt64)

    init(_ expression: Expression) {
        self.expression = expression
        var bits: (UInt64, UInt64) = (0, 0)
        for code in UInt32(0)..<64 where Self.holds(expression, code) { bits.0 |= 1 << UInt64(code) }
        for code in UInt32(64)..<128 where Self.holds(expression, code) { bits.1 |= 1 << UInt64(code - 64) }
        low = bits
    }

    @inline(__always)
    func containsASCII(_ byte: UInt8) -> Bool {
        byte < 64 ? low.0 >> UInt64(byte) & 1 != 0 : low.1 >> UInt64(byte & 63) & 1 != 0
    }

    func contains(_ code: UInt32) -> Bool {
        code < 0x80 ? containsASCII(UInt8(truncatingIfNeeded: code)) : Self.holds(expression, code)
    }

    private static func holds(_ expression: Expression, _ code: UInt32) -> Bool {
        switch expression {
        case .range(let first, let last): return first <= code && code <= last
        case .categories(let categories): return categories.contains(GeneralCategories.category(of: code))
        case .whitespace: return isWhitespace(code)
        case .word: return isWord(code)
        case .union(let parts): return parts.contains { holds($0, code) }
        case .intersection(let parts): return parts.allSatisfy { holds($0, code) }
        case .complement(let part): return !holds(part, code)
        }
    }

    static func isWhitespace(_ code: UInt32) -> Bool {
        switch code {
        case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    private static let wordCategories: GeneralCategories = [.letters, .marks, .decimalDigits, .connectors]

    /// The scalars at which Oniguruma's word boundaries are.
    static func isBoundaryWord(_ code: UInt32) -> Bool {
        switch code {
        case 0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE: true
        default: isWord(code)
        }
    }

    /// `\w` of Rust's regex crate, which also counts the joiners.
    static func isRustWord(_ code: UInt32) -> Bool {
        code == 0x200C || code == 0x200D || isWord(code)
    }

    static func isWord(_ code: UInt32) -> Bool {
        let category = GeneralCategories.category(of: code)
        if wordCategories.contains(category) { return true }
        return code >= 0x80 && category != .unassigned && Unicode.Scalar(code)?.properties.isAlphabetic == true
    }
}
