import AdaDimJSON

/// What is done to a text before it is split.
indirect enum Normalizer: Sendable {
    enum UnicodeForm: String, Sendable, CaseIterable {
        case composed = "NFC"
        case decomposed = "NFD"
        case compatiblyComposed = "NFKC"
        case compatiblyDecomposed = "NFKD"
    }

    case unicode(UnicodeForm)
    /// Put before any text that is not empty.
    case prepend(ByteString)
    case replace(Pattern, ByteString)
    case lowercase
    /// White space taken off the ends.
    case strip(left: Bool, right: Bool)
    case sequence([Normalizer])

    /// Whether the text's first bytes may be removed or others come before them, so that "the text's beginning" is in
    /// question for what follows.
    var mayMoveBeginning: Bool {
        switch self {
        case .unicode, .lowercase: false
        case .prepend, .replace: true
        case .strip(let left, _): left
        case .sequence(let parts): parts.contains(where: \.mayMoveBeginning)
        }
    }

    /// Whether one character may become several.
    var mayLengthen: Bool {
        switch self {
        case .unicode, .lowercase, .prepend, .replace: true
        case .strip: false
        case .sequence(let parts): parts.contains(where: \.mayLengthen)
        }
    }

    func normalized(_ text: [UInt8]) throws(PatternMatcher.TooManySteps) -> [UInt8] {
        switch self {
        case .unicode(let form): return form.normalized(text)
        case .prepend(let prefix): return text.isEmpty ? text : prefix.bytes + text
        case .replace(let pattern, let replacement):
            var result: [UInt8] = []
            result.reserveCapacity(text.count + text.count / 4)
            for segment in try pattern.segments(of: text, in: 0..<text.count) {
                result.append(contentsOf: segment.isMatch ? replacement.bytes[...] : text[segment.range])
            }
            return result
        case .lowercase: return Self.lowercased(text)
        case .strip(let left, let right):
            var range = 0..<text.count
            if left { range = text.endOfWhitespace(in: range)..<range.upperBound }
            if right { range = range.lowerBound..<text.startOfTrailingWhitespace(in: range) }
            return Array(text[range])
        case .sequence(let parts):
            var result = text
            for part in parts { result = try part.normalized(result) }
            return result
        }
    }

    /// Scalar by scalar, blind to context: a final sigma is like any other, unlike in `String.lowercased()`.
    private static func lowercased(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            result.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
        }
        return result
    }
}
