import AdaDimCalibration
import AdaDimTestSupport
import AdaDimTokenizer
import Foundation
import Testing

/// What text files and files of token ids are read as, and what of them is refused.
@Suite struct TokenSourceTests {
    private static let model = Repository.bundledModel

    private func read(_ bytes: [UInt8], field: String? = "text", notice: (String) -> Void = { _ in }) throws
        -> TokenSource
    {
        let scratch = try Scratch()
        let file = scratch.url.appending(path: "t.jsonl")
        try Data(bytes).write(to: file)
        return try TokenSource(file: file, textField: field, notice: notice) {
            try Tokenizer(file: Self.model.appending(path: "tokenizer.json"))
        }
    }

    @Test func linesAreReadByTheirField() throws {
        let tokenizer = try Tokenizer(file: Self.model.appending(path: "tokenizer.json"))
        func ids(_ text: String) throws -> [Int32] {
            try tokenizer.encode(text, addSpecialTokens: false).map { Int32($0) }
        }
        let lines = [
            #"{"id": 1, "text": "The first\nline"}"#, "", #"{"text": "caf\u00e9", "score": NaN}"#, #"{"text": ""}"#,
        ]
        let expected = TokenSource.documents([try ids("The first\nline"), try ids("café"), []])
        for text in [
            lines.joined(separator: "\n"), lines.joined(separator: "\n") + "\n",
            lines.joined(separator: "\r\n") + "\r\n",
            "\u{FEFF}" + lines.joined(separator: "\n"),
        ] {
            #expect(try read(Array(text.utf8)) == expected, "\(text.debugDescription)")
        }
    }

    private func problem(_ text: String) -> String {
        do {
            _ = try read(Array(text.utf8))
            return "no error"
        } catch {
            return "\(error)".replacing(/^.*\/t\.jsonl/, with: "t.jsonl")
        }
    }

    @Test(arguments: [
        (
            "{\"text\": \"a\"}\r\n{\"content\": \"a\"}\r\n",
            #"t.jsonl, line 2: no field "text"; its fields are: "content"; expected a JSON object with text in its field "text""#
        ),
        (
            "{\"text\": \"a\"}\n\n{\"text\": 7}",
            #"t.jsonl, line 3: the field "text" is 7; expected a JSON object with text in its field "text""#
        ),
        (
            "plain",
            #"t.jsonl, line 1: no JSON at column 1: found 'p', expected a value; expected a JSON object with text in its field "text""#
        ),
        (" \r\n\n", #"t.jsonl: no documents, expected a JSON object per line, with text in its field "text""#),
        ("", #"t.jsonl: no documents, expected a JSON object per line, with text in its field "text""#),
    ])
    func whatIsWrongIsNamedWithItsLine(text: String, expected: String) { #expect(problem(text) == expected) }

    @Test func linesOfObjectsTakenAsTextAreNoticed() throws {
        func notices(_ text: String) throws -> [String] {
            var notices: [String] = []
            _ = try read(Array(text.utf8), field: nil) { notices.append($0) }
            return notices
        }
        let found = try notices("{\"id\": 1, \"text\": \"a\"}\r\n\r\n{\"text\": \"b\", \"url\": \"u\"}")
        #expect(found.count == 1)
        #expect(
            found.first?.hasSuffix(
                #"--text-field NAME takes what one of their fields holds, a document a line; fields: "text", "id", "url""#
            ) == true)
        #expect(try notices("a text\n{\"text\": \"b\"}\n").isEmpty)
        #expect(try notices("{\"text\": \"b\"}\nand so on\n").isEmpty)
        #expect(try notices("{\n  \"text\": 1\n}\n").isEmpty)
        #expect(try notices("").isEmpty)
    }

    @Test func tokenIDsHaveNoFields() throws {
        let scratch = try Scratch()
        let file = try scratch.tokens([1, 2], shape: [2])
        #expect(throws: CorpusError.fieldOfTokens(file: file.path)) {
            try TokenSource(file: file, textField: "text") { try Tokenizer(file: Self.model) }
        }
    }

    /// Found by the file's size, before anything is read, and blamed on the text. The file takes no room on the disk.
    @Test func aTextTooLargeIsBlamedOnTheText() throws {
        let scratch = try Scratch()
        let file = scratch.url.appending(path: "large.txt")
        try Data().write(to: file)
        #expect(truncate(file.path, 1 << 28) == 0)
        #expect {
            _ = try TokenSource(file: file) { try Tokenizer(file: Self.model.appending(path: "tokenizer.json")) }
        } throws: { error in
            "\(error)" == "\(file.path): 268435456 bytes of text, expected at most 268435455"
        }
    }

    /// A header may claim any size beside a 0: nothing is counted or allocated by it.
    @Test(arguments: [
        ([1_000_000_000_000, 0], "sequences of length 0, expected at least one token in each"),
        ([1_000_000, 0], "sequences of length 0, expected at least one token in each"),
        ([0, 1_000_000_000_000], "no sequences, expected some"), ([0], "no tokens, expected some"),
    ])
    func idsWithoutATokenAreNamed(shape: [Int], expected: String) throws {
        let scratch = try Scratch()
        let file = try scratch.tokens([], shape: shape)
        let text = "\(file.path): ids has shape \(shape): \(expected)"
        #expect {
            _ = try TokenSource(file: file) { try Tokenizer(file: Self.model) }
        } throws: { "\($0)" == text }
        #expect {
            _ = try CalibrationSize(file: file, samples: nil, length: nil)
        } throws: { "\($0)" == text }
    }
}
