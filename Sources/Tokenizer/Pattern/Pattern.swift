import AdaDimJSON

/// A pattern of the tokenizer file: a regular expression, or a literal text.
package struct Pattern: Sendable {
    /// A stretch of text that the pattern matched, or one between matches.
    package struct Segment: Equatable {
        package let range: Range<Int>
        package let isMatch: Bool

        package init(range: Range<Int>, isMatch: Bool) {
            self.range = range
            self.isMatch = isMatch
        }
    }

    private let source: String
    private let program: PatternProgram

    package init(regularExpression source: String) throws(PatternParser.Failure) {
        self.source = source
        program = try PatternProgram(try PatternParser.parse(source))
    }

    init(literal: ByteString) throws(PatternParser.Failure) {
        source = literal.description
        program = try PatternProgram(.sequence(source.unicodeScalars.map { .scalar($0.value) }))
    }

    /// Cuts `bounds` of `text` into matches and the stretches between them, in order and without gaps.
    ///
    /// Matches may be empty, though not right after another match: the rule by which Oniguruma's binding iterates.
    package func segments(
        of text: [UInt8], in bounds: Range<Int>
    ) throws(PatternMatcher.TooManySteps) -> [Segment] {
        var segments: [Segment] = []
        var matcher = PatternMatcher(program)
        var covered = bounds.lowerBound
        var lastEnd: Int?
        var start = bounds.lowerBound
        while start <= bounds.upperBound {
            if let end = try matcher.end(from: start, in: text, bounds: bounds), end > start || lastEnd != end {
                if covered < start { segments.append(Segment(range: covered..<start, isMatch: false)) }
                segments.append(Segment(range: start..<end, isMatch: true))
                covered = end
                lastEnd = end
                if end > start {
                    start = end
                    continue
                }
            }
            start += start < bounds.upperBound ? text.scalar(at: start).1 : 1
        }
        if covered < bounds.upperBound {
            segments.append(Segment(range: covered..<bounds.upperBound, isMatch: false))
        }
        return segments
    }
}
