/// A reader of the Oniguruma syntax in which tokenizer files write patterns.
///
/// What it does not know it refuses by name, so that no pattern is silently read as something else: back-references,
/// scripts, POSIX brackets, extended mode, conditionals, and case-insensitive matching of letters beyond ASCII.
/// Source: Oniguruma's doc/RE, Ruby syntax.
struct PatternParser {
    struct Failure: Error {
        let problem: String
    }

    struct Options {
        var ignoresCase = false
        /// `.` matches a newline too: the `m` of Ruby, the `s` of Perl.
        var dotMatchesNewline = false
    }

    static let maximumDepth = 64

    var scalars: [Unicode.Scalar]
    var position = 0
    var options = Options()

    static func parse(_ pattern: String) throws(Failure) -> PatternNode {
        var parser = PatternParser(scalars: Array(pattern.unicodeScalars))
        let node = try parser.alternatives(depth: 0)
        guard parser.next == nil else { throw Failure(problem: "an unmatched ')'") }
        return node
    }

    var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    mutating func take(_ text: String) -> Bool {
        guard scalars[position...].starts(with: text.unicodeScalars) else { return false }
        position += text.unicodeScalars.count
        return true
    }

    func unsupported(_ what: String) -> Failure { Failure(problem: "\(what) is not supported") }

    mutating func alternatives(depth: Int) throws(Failure) -> PatternNode {
        guard depth < Self.maximumDepth else { throw Failure(problem: "groups nested too deeply") }
        let outer = options
        defer { options = outer }
        var branches: [PatternNode] = []
        repeat { branches.append(try sequence(depth: depth)) } while take("|")
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence(depth: Int) throws(Failure) -> PatternNode {
        var parts: [PatternNode] = []
        var previousFolded: Unicode.Scalar?
        while let scalar = next, scalar != "|", scalar != ")" {
            var folded: Unicode.Scalar?
            if scalar == "(" {
                if let rest = try optionsToGroupEnd(depth: depth) {
                    parts.append(rest)
                    break
                }
                parts.append(try group(depth: depth))
            } else {
                let (atom, letter) = try atom()
                parts.append(atom)
                folded = letter
            }
            if let before = previousFolded, let letter = folded {
                try refuseLigature(before, letter)
            }
            previousFolded = folded
            while let (minimum, maximum, greed) = try quantifier() {
                guard let repeated = parts.popLast() else { throw Failure(problem: "nothing to repeat") }
                guard !repeated.matchesNothing || maximum == 1 else {
                    throw unsupported("repeating what can match nothing")
                }
                parts.append(.repetition(repeated, minimum: minimum, maximum: maximum, greed))
                previousFolded = nil
            }
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    /// Oniguruma folds "ss" and "ß" together, "ff" and "ﬀ", and so on; here single letters alone are folded.
    private func refuseLigature(_ first: Unicode.Scalar, _ second: Unicode.Scalar) throws(Failure) {
        let pair = String(String.UnicodeScalarView([first, second])).lowercased()
        if ["ss", "ff", "fi", "fl", "st"].contains(pair) {
            throw unsupported("case-insensitive \"\(pair)\", which also matches a ligature,")
        }
    }

    private mutating func atom() throws(Failure) -> (PatternNode, foldedLetter: Unicode.Scalar?) {
        guard let scalar = next else { throw Failure(problem: "the pattern ends unexpectedly") }
        position += 1
        switch scalar {
        case "[": return (.set(ScalarSet(try characterClass(depth: 0))), nil)
        case ".":
            let newline = ScalarSet.Expression.range(0x0A, 0x0A)
            return (.set(ScalarSet(options.dotMatchesNewline ? .range(0, 0x10FFFF) : .complement(newline))), nil)
        case "^": return (.assertion(.lineStart), nil)
        case "$": return (.assertion(.lineEnd), nil)
        case "*", "+", "?": throw Failure(problem: "nothing to repeat before '\(scalar)'")
        case "\\":
            switch next {
            case "b":
                position += 1
                return (.assertion(.wordBoundary), nil)
            case "B":
                position += 1
                return (.assertion(.noWordBoundary), nil)
            case "A":
                position += 1
                return (.assertion(.textStart), nil)
            case "z":
                position += 1
                return (.assertion(.textEnd), nil)
            case "Z":
                position += 1
                return (.assertion(.lastLineEnd), nil)
            default: break
            }
            switch try escape() {
            case .set(let expression): return (.set(ScalarSet(try folded(expression))), nil)
            case .scalar(let literal): return try literalNode(literal)
            }
        default: return try literalNode(scalar)
        }
    }

    private func literalNode(_ scalar: Unicode.Scalar) throws(Failure) -> (PatternNode, Unicode.Scalar?) {
        guard options.ignoresCase else { return (.scalar(scalar.value), nil) }
        let expression = try folded(.range(scalar.value, scalar.value))
        if case .range = expression { return (.scalar(scalar.value), nil) }
        return (.set(ScalarSet(expression)), scalar)
    }

    private mutating func quantifier() throws(Failure) -> (Int, Int?, PatternNode.Greed)? {
        guard let scalar = next else { return nil }
        var bounds: (minimum: Int, maximum: Int?)
        switch scalar {
        case "*": bounds = (0, nil)
        case "+": bounds = (1, nil)
        case "?": bounds = (0, 1)
        case "{":
            guard let interval = try interval() else { return nil }
            // After {n,m} a plus repeats the whole once more, and {n}? has a meaning of its own.
            guard take("?") else { return (interval.minimum, interval.maximum, .greedy) }
            if interval.minimum == interval.maximum { throw unsupported("the quantifier {n}?") }
            return (interval.minimum, interval.maximum, .lazy)
        default: return nil
        }
        position += 1
        if take("?") { return (bounds.minimum, bounds.maximum, .lazy) }
        if take("+") { return (bounds.minimum, bounds.maximum, .possessive) }
        return (bounds.minimum, bounds.maximum, .greedy)
    }

    /// `{n}`, `{n,}`, `{n,m}` or `{,m}`; nil, with nothing taken, for a brace that is only itself.
    private mutating func interval() throws(Failure) -> (minimum: Int, maximum: Int?)? {
        guard let close = scalars[position...].firstIndex(of: "}") else { return nil }
        let inside = String(String.UnicodeScalarView(scalars[position + 1..<close]))
        let parts = inside.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count <= 2, inside != ",", !inside.isEmpty,
            parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return nil }
        let limit = 1000
        var numbers: [Int?] = []
        for part in parts {
            let number = Int(part)
            guard part.isEmpty || (number ?? .max) <= limit else { throw unsupported("more than \(limit) repetitions") }
            numbers.append(number)
        }
        position = close + 1
        let minimum = numbers[0] ?? 0
        let maximum = numbers.count == 1 ? minimum : numbers[1]
        if let maximum, maximum < minimum { throw unsupported("an interval whose bounds are reversed") }
        return (minimum, maximum)
    }
}
