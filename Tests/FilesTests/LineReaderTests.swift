import AdaDimFiles
import AdaDimTestSupport
import Foundation
import Testing

/// Lines are the same whatever they end with.
@Suite final class LineReaderTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    deinit { directory.remove() }

    private func lines(_ bytes: [UInt8], longest: Int = .max) throws -> [String] {
        let path = directory.path("lines")
        try Data(bytes).write(to: URL(filePath: path))
        let reader = try LineReader(path: path, longestLine: longest)
        var lines: [String] = []
        while let line = try reader.next() {
            lines.append(String(decoding: line, as: UTF8.self))
            #expect(reader.number == lines.count)
        }
        #expect(try reader.next() == nil)
        return lines
    }

    private func lines(_ text: String) throws -> [String] { try lines(Array(text.utf8)) }

    @Test func endsAreNoPartOfLines() throws {
        #expect(try lines("a\nb\n") == ["a", "b"])
        #expect(try lines("a\r\nb\r\n") == ["a", "b"])
        #expect(try lines("a\nb") == ["a", "b"])
        #expect(try lines("a\r\n\r\nb") == ["a", "", "b"])
        #expect(try lines("\n\n") == ["", ""])
        #expect(try lines("") == [])
        // A carriage return inside a line is a part of it, as a mark that joins a line feed's neighbours is.
        #expect(
            try lines("a\rb\r\r\n\u{301}c\n").map { Array($0.utf8) } == [Array("a\rb\r".utf8), Array("\u{301}c".utf8)])
    }

    @Test func theByteOrderMarkIsNoPartOfTheFirstLine() throws {
        #expect(try lines("\u{FEFF}a\n\u{FEFF}b").map { Array($0.utf8) } == [[0x61], [0xEF, 0xBB, 0xBF, 0x62]])
        #expect(try lines("\u{FEFF}") == [""])
    }

    /// Longer than what is read at once, so that lines lie across what the system returns.
    @Test func linesOfAnyLength() throws {
        let long = (0..<7).map { String(repeating: "\($0)", count: $0 * 500_000) }
        #expect(try lines(long.joined(separator: "\r\n")) == long)
    }

    @Test func tooLongALineIsNamed() throws {
        let text = Array("abc\nabcd\n".utf8)
        #expect(try lines(text, longest: 4) == ["abc", "abcd"])
        #expect(
            errorText { _ = try lines(text, longest: 3) }
                == "\(directory.path("lines")): line 2 has more bytes than the 3 that a line may have")
        #expect(
            errorText { _ = try lines(Array("abcd".utf8), longest: 3) }.contains(
                "line 1 has more bytes than the 3 that a line may have"))
    }

    @Test func blankLines() {
        for (line, isBlank) in [("", true), (" \t\r ", true), (" x", false), (" \u{B}", false)] {
            #expect(ArraySlice(line.utf8).isBlank == isBlank, "\(line.debugDescription)")
        }
    }
}
