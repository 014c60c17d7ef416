/// Which stretches of a text perplexity is taken over: consecutive windows of `length` tokens, the incomplete last one
/// dropped; of those all, or some at even distances. No window crosses the end of a document.
package struct PerplexityWindows: Sendable, Equatable {
    /// Tokens in a window.
    package let length: Int
    /// First token of each window, in the text; of several documents, in all of them one after another.
    package let starts: [Int]

    /// - Parameters:
    ///   - tokens: length of the text.
    ///   - length: tokens in a window, at least 2.
    ///   - limit: how many windows to take, at least 1: those at the positions linspace(0, count − 1, limit), rounded
    ///     down. All windows if nil or no fewer than there are.
    package init(tokens: Int, length: Int, limit: Int? = nil) throws(PerplexityError) {
        try self.init([tokens], length: length, limit: limit) { .textTooShort(tokens: tokens, windowLength: length) }
    }

    /// - Parameter documents: tokens of each.
    package init(documents: [Int], length: Int, limit: Int? = nil) throws(PerplexityError) {
        try self.init(documents, length: length, limit: limit) {
            .documentsTooShort(documents: documents.count, longest: documents.max() ?? 0, windowLength: length)
        }
    }

    private init(
        _ documents: [Int], length: Int, limit: Int?, tooShort: () -> PerplexityError
    ) throws(PerplexityError) {
        guard length >= 2 else { throw .windowTooShort(length) }
        if let limit, limit < 1 { throw .noWindowsRequested(limit) }
        var (all, first) = ([Int](), 0)
        for tokens in documents {
            for window in 0..<tokens / length { all.append(first + window * length) }
            first += tokens
        }
        guard !all.isEmpty else { throw tooShort() }
        self.length = length
        starts = Self.spread(min(limit ?? all.count, all.count), over: all.count).map { all[$0] }
    }

    /// `chosen` of the positions 0 ..< count, evenly spread, both ends among them; as NumPy's linspace computes them,
    /// in double precision, so that other tools can pick the same ones.
    private static func spread(_ chosen: Int, over count: Int) -> [Int] {
        guard chosen < count else { return Array(0..<count) }
        guard chosen > 1 else { return [0] }
        let step = Double(count - 1) / Double(chosen - 1)
        return (0..<chosen - 1).map { Int(Double($0) * step) } + [count - 1]
    }

    /// The tokens of each window.
    func windows(of tokens: [Int32]) -> [[Int32]] { starts.map { Array(tokens[$0..<$0 + length]) } }
}
