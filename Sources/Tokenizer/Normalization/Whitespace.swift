extension [UInt8] {
    /// Where the white space ends that `range` of this UTF-8 text begins with.
    func endOfWhitespace(in range: Range<Int>) -> Int {
        var position = range.lowerBound
        while position < range.upperBound {
            let (code, length) = scalar(at: position)
            guard ScalarSet.isWhitespace(code) else { break }
            position += length
        }
        return position
    }

    /// Where the white space begins that `range` of this UTF-8 text ends with.
    func startOfTrailingWhitespace(in range: Range<Int>) -> Int {
        var position = range.upperBound
        while position > range.lowerBound {
            let previous = startOfScalar(before: position)
            guard ScalarSet.isWhitespace(scalar(at: previous).0) else { break }
            position = previous
        }
        return position
    }
}
