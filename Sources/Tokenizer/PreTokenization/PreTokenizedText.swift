/// A text cut into words, which are merged into tokens each on its own.
struct PreTokenizedText {
    var text: [UInt8]
    /// Not empty, in order, without overlap; gaps have been removed from the text.
    var words: [Range<Int>]
    /// Whether the first word begins where the whole input does.
    var beginsInput: Bool

    init(_ text: [UInt8], beginsInput: Bool) {
        self.text = text
        words = text.isEmpty ? [] : [0..<text.count]
        self.beginsInput = beginsInput
    }

    /// Replaces each word by parts of itself.
    mutating func split<Failure: Error>(
        _ parts: (_ text: [UInt8], _ word: Range<Int>) throws(Failure) -> [Range<Int>]
    ) throws(Failure) {
        var result: [Range<Int>] = []
        result.reserveCapacity(words.count)
        for word in words {
            for part in try parts(text, word) where !part.isEmpty { result.append(part) }
        }
        if result.first?.lowerBound != words.first?.lowerBound { beginsInput = false }
        words = result
    }

    /// Rewrites each word; `append` adds the new form to the end of a text. A word may not become empty.
    mutating func rewrite(_ append: (_ word: Range<Int>, _ result: inout [UInt8]) -> Void) {
        var result: [UInt8] = []
        result.reserveCapacity(text.count + text.count / 2)
        for index in words.indices {
            let start = result.count
            append(words[index], &result)
            words[index] = start..<result.count
        }
        text = result
    }
}
