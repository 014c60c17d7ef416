/// A pattern's syntax tree. Groups leave no trace: nothing here needs what they captured.
indirect enum PatternNode: Sendable {
    enum Assertion: Sendable {
        case lineStart, lineEnd
        case textStart, textEnd
        /// `\Z`: the text's end, or before a newline that ends it.
        case lastLineEnd
        case wordBoundary, noWordBoundary
    }

    enum Greed: Sendable {
        /// As many as possible, giving back on failure.
        case greedy
        case lazy
        /// As many as possible, giving nothing back.
        case possessive
    }

    case scalar(UInt32)
    case set(ScalarSet)
    case sequence([PatternNode])
    case alternatives([PatternNode])
    case repetition(PatternNode, minimum: Int, maximum: Int?, Greed)
    /// Once matched, never retried.
    case atomic(PatternNode)
    case lookahead(PatternNode, negative: Bool)
    case lookbehind(PatternNode, negative: Bool)
    case assertion(Assertion)

    /// Whether the node can match the empty text.
    var matchesNothing: Bool {
        switch self {
        case .scalar, .set: false
        case .sequence(let parts): parts.allSatisfy(\.matchesNothing)
        case .alternatives(let parts): parts.contains(where: \.matchesNothing)
        case .repetition(let part, let minimum, _, _): minimum == 0 || part.matchesNothing
        case .atomic(let part): part.matchesNothing
        case .lookahead, .lookbehind, .assertion: true
        }
    }

    /// How many scalars the node matches, where that is the same for every match.
    var fixedLength: Int? {
        switch self {
        case .scalar, .set: return 1
        case .sequence(let parts):
            var sum = 0
            for part in parts {
                guard let length = part.fixedLength else { return nil }
                sum += length
            }
            return sum
        case .alternatives(let parts):
            guard let first = parts.first?.fixedLength else { return nil }
            return parts.allSatisfy { $0.fixedLength == first } ? first : nil
        case .repetition(let part, let minimum, let maximum, _):
            guard minimum == maximum, let length = part.fixedLength else { return nil }
            return length.multipliedReportingOverflow(by: minimum).overflow ? nil : length * minimum
        case .atomic(let part): return part.fixedLength
        case .lookahead, .lookbehind, .assertion: return 0
        }
    }
}
