/// Why a text is no JSON, and where.
package struct JSONFailure: Error, Equatable, CustomStringConvertible {
    /// From 1; lines end with line feeds.
    package let line: Int
    /// From 1, in Unicode scalars, as Python counts.
    package let column: Int
    package let problem: String

    package var description: String { "line \(line), column \(column): \(problem)" }

    /// Of a text that is one line of a file, by whose number the caller names it.
    package var inLine: String { "no JSON at column \(column): \(problem)" }

    /// - Parameters:
    ///   - bytes: from the text's beginning to the place; they are valid UTF-8.
    ///   - problem: what was found there, and what was expected.
    init(after bytes: ArraySlice<UInt8>, _ problem: String) {
        let lineFeed = UInt8(ascii: "\n")
        let beginning = bytes.lastIndex(of: lineFeed).map { $0 + 1 } ?? bytes.startIndex
        line = 1 + bytes.reduce(0) { $0 + ($1 == lineFeed ? 1 : 0) }
        // Every scalar has one byte that does not continue another.
        column = 1 + bytes[beginning...].reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
        self.problem = problem
    }
}
