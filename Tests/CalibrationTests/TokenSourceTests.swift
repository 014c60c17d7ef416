import AdaDimCalibration
import AdaDimEvaluation
import AdaDimPipeline
import AdaDimTokenizer
import Foundation
import Testing

/// Documents of JSON Lines: read by their field, drawn from, and cut into windows, never across an end.
@Suite struct DocumentTests {
    private func draw(
        _ source: TokenSource, samples: Int = 300, length: Int = 4
    ) throws -> CalibrationSamples {
        try CalibrationSamples(
            from: source, samples: samples, length: length, seed: 3, vocabularySize: 1000, maximumLength: 800)
    }

    /// Documents of so many tokens: document d has the ids 100·d, 100·d + 1, …
    private func documents(_ counts: [Int]) -> TokenSource {
        .documents(counts.enumerated().map { document, count in (0..<count).map { Int32(100 * document + $0) } })
    }

    @Test func everyPlaceWithRoomIsDrawnAndNoneAcrossAnEnd() throws {
        let drawn = try draw(documents([5, 3, 0, 4, 9]))
        #expect(drawn.sequences.allSatisfy { $0.count == 4 && $0[3] - $0[0] == 3 && $0[3] / 100 == $0[0] / 100 })
        // Nine places: each is missed with probability (8/9)³⁰⁰ ≈ 5·10⁻¹⁶.
        #expect(Set(drawn.sequences.map { $0[0] }) == [0, 1, 300, 400, 401, 402, 403, 404, 405])
        let notice = drawn.documents?.notice(file: "t.jsonl")
        #expect(
            notice
                == "t.jsonl: 2 of 5 documents have fewer tokens than a sequence, 4, and are left out, with them 3 of 21 tokens"
        )
    }

    /// One document is a text: the same seed draws the same sequences.
    @Test func oneDocumentIsDrawnFromAsATextIs() throws {
        let ids = (0..<500).map { Int32($0) }
        let (text, document) = (try draw(.text(ids)), try draw(.documents([ids])))
        #expect(text.sequences == document.sequences && text.documents == nil)
        #expect(document.documents?.notice(file: "") == nil)
    }

    @Test func noDocumentHasRoom() {
        #expect(throws: CorpusError.documentsTooShort(documents: 3, longest: 5, length: 6)) {
            try draw(documents([5, 3, 0]), length: 6)
        }
        #expect(
            "\(CorpusError.documentsTooShort(documents: 3, longest: 5, length: 6))"
                == "3 documents, the longest of 5 tokens, expected at least one sequence of 6: give longer documents or shorter sequences"
        )
    }

    @Test func windowsLieWithinDocuments() throws {
        #expect(try PerplexityWindows(documents: [9, 3, 4, 8], length: 4).starts == [0, 4, 12, 16, 20])
        #expect(try PerplexityWindows(documents: [9, 3, 4, 8], length: 4, limit: 3).starts == [0, 12, 20])
        #expect(
            try PerplexityWindows(documents: [27], length: 4, limit: 5)
                == PerplexityWindows(tokens: 27, length: 4, limit: 5))
        #expect(throws: PerplexityError.documentsTooShort(documents: 2, longest: 3, windowLength: 4)) {
            try PerplexityWindows(documents: [3, 2], length: 4)
        }
    }

    private static let model = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Models/jargon-6m")

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
