/// How delimiters are treated when a text is split.
enum SplitBehavior: String, Sendable, CaseIterable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    /// Runs of delimiters are one piece.
    case contiguous = "Contiguous"

    /// The pieces of a text cut into `segments`, whose matches are the delimiters.
    func pieces(of segments: [Pattern.Segment]) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        pieces.reserveCapacity(segments.count)
        var previousWasMatch = false
        switch self {
        case .removed: for segment in segments where !segment.isMatch { pieces.append(segment.range) }
        case .isolated: for segment in segments { pieces.append(segment.range) }
        case .contiguous:
            for segment in segments {
                if segment.isMatch == previousWasMatch, let last = pieces.popLast() {
                    pieces.append(last.lowerBound..<segment.range.upperBound)
                } else {
                    pieces.append(segment.range)
                }
                previousWasMatch = segment.isMatch
            }
        case .mergedWithPrevious:
            for segment in segments {
                if segment.isMatch, !previousWasMatch, let last = pieces.popLast() {
                    pieces.append(last.lowerBound..<segment.range.upperBound)
                } else {
                    pieces.append(segment.range)
                }
                previousWasMatch = segment.isMatch
            }
        case .mergedWithNext:
            for segment in segments.reversed() {
                if segment.isMatch, !previousWasMatch, let last = pieces.popLast() {
                    pieces.append(segment.range.lowerBound..<last.upperBound)
                } else {
                    pieces.append(segment.range)
                }
                previousWasMatch = segment.isMatch
            }
            pieces.reverse()
        }
        return pieces
    }
}
