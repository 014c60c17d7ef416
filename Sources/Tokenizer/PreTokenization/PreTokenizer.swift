import AdaDimJSON

/// How a normalized text is cut into words.
indirect enum PreTokenizer: Sendable {
    enum PrependScheme: String, Sendable, CaseIterable {
        case always, first, never
    }

    case split(Pattern, SplitBehavior, invert: Bool)
    /// Every byte is replaced by one printable character; before that, words may be found by GPT-2's pattern (nil: are
    /// not).
    case byteLevel(addPrefixSpace: Bool, Pattern?)
    case digits(individual: Bool)
    /// Spaces are replaced by `replacement`, at which words begin.
    case metaspace(replacement: ByteString, PrependScheme, split: Bool)
    /// Runs of word characters and runs of others, without the white space between.
    case whitespace
    case whitespaceSplit
    case sequence([PreTokenizer])

    func apply(to text: inout PreTokenizedText) throws(PatternMatcher.TooManySteps) {
        switch self {
        case .split(let pattern, let behavior, let invert):
            try text.split { (text, word) throws(PatternMatcher.TooManySteps) in
                var segments = try pattern.segments(of: text, in: word)
                if invert { segments = segments.map { .init(range: $0.range, isMatch: !$0.isMatch) } }
                return behavior.pieces(of: segments)
            }
        case .byteLevel(let addPrefixSpace, let pattern):
            if addPrefixSpace { text.prepend(" ") { _ in true } }
            if let pattern {
                try text.split { (text, word) throws(PatternMatcher.TooManySteps) in
                    try pattern.segments(of: text, in: word).map(\.range)
                }
            }
            let bytes = text.text
            text.rewrite { word, result in
                for byte in bytes[word] { result.append(contentsOf: ByteAlphabet.characters[Int(byte)]) }
            }
        case .digits(let individual):
            let behavior: SplitBehavior = individual ? .isolated : .contiguous
            text.split { behavior.pieces(of: $0.segments(in: $1, where: Self.isNumeric)) }
        case .metaspace(let replacement, let scheme, let split):
            text.replaceSpaces(with: replacement)
            switch scheme {
            case .always: text.prepend(replacement) { _ in true }
            case .first where text.beginsInput: text.prepend(replacement) { $0 == 0 }
            case .first, .never: break
            }
            guard split, let mark = replacement.description.unicodeScalars.first else { return }
            text.split {
                SplitBehavior.mergedWithNext.pieces(of: $0.segments(in: $1) { $0 == mark.value })
            }
        case .whitespace:
            text.split { text, word in
                let kinds = text.runs(in: word) { ScalarSet.isWhitespace($0) ? 0 : ScalarSet.isRustWord($0) ? 1 : 2 }
                return kinds.filter { $0.kind != 0 }.map(\.range)
            }
        case .whitespaceSplit:
            text.split { SplitBehavior.removed.pieces(of: $0.segments(in: $1, where: ScalarSet.isWhitespace)) }
        case .sequence(let parts):
            for part in parts { try part.apply(to: &text) }
        }
    }

    /// Rust's `char::is_numeric`: the general categories Nd, Nl and No.
    private static func isNumeric(_ code: UInt32) -> Bool {
        if code < 0x80 { return (0x30...0x39).contains(code) }
        switch Unicode.Scalar(code)?.properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: return true
        default: return false
        }
    }
}
