import AdaDimJSON

/// Finds added tokens in a text: the leftmost first, the longest of those that begin together.
struct AddedTokenFinder: Sendable {
    enum Part: Equatable {
        case text(Range<Int>)
        case token(Int32)
    }

    private let tokens: [AddedToken]
    private let trie: ByteTrie
    private let firstBytes: [Bool]

    /// - Parameter keys: what to look for, for each token.
    init(_ tokens: [AddedToken], keys: [ByteString]) {
        self.tokens = tokens
        var trie = ByteTrie()
        for (index, key) in keys.enumerated() { trie.insert(key, value: index) }
        self.trie = trie
        firstBytes = trie.firstBytes
    }

    /// Cuts a text into added tokens and the stretches between them.
    ///
    /// Stretches between tokens are never empty. A token that swallows white space on its right may reach into one that
    /// begins with white space; both count, as in the library. But where the second swallows white space on its left,
    /// it begins where the first ends, and disappears if it is then empty. (Where it would end even before that, the
    /// library fails.)
    func parts(of text: [UInt8]) -> [Part] {
        guard !text.isEmpty else { return [] }
        guard !tokens.isEmpty else { return [.text(0..<text.count)] }
        var parts: [Part] = []
        var covered = 0
        var position = 0
        while position < text.count {
            guard firstBytes[Int(text[position])], let match = trie.longest(in: text, at: position) else {
                position += 1
                continue
            }
            var start = position
            var end = match.end
            position = end
            let token = tokens[match.value]
            if token.singleWord, touchesWord(start, end, text) { continue }
            if token.stripsLeft { start = text.startOfTrailingWhitespace(in: covered..<max(covered, start)) }
            if token.stripsRight { end = text.endOfWhitespace(in: end..<text.count) }
            guard start < end else { continue }
            if covered < start { parts.append(.text(covered..<start)) }
            parts.append(.token(token.id))
            covered = end
        }
        if covered < text.count { parts.append(.text(covered..<text.count)) }
        return parts
    }

    private func touchesWord(_ start: Int, _ end: Int, _ text: [UInt8]) -> Bool {
        if start > 0 {
            let (before, _) = text.scalar(at: text.startOfScalar(before: start))
            if ScalarSet.isRustWord(before) { return true }
        }
        return end < text.count && ScalarSet.isRustWord(text.scalar(at: end).0)
    }
}
