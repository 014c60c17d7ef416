import AdaDimTokenizer
import Testing

/// White space that two added tokens swallow: the ids of `tokenizers` 0.23.3, which Tests/Differential/compare_tokenizers.py
/// compares many more of.
@Suite struct AddedTokenTests {
    /// A tokenizer of "a" (0), "b" (1), " " (2), "\n" (3) and added tokens.
    /// - Parameter tokens: text and flags: w(hole words), l(eft), r(ight), n(ormalized).
    private static func tokenizer(_ tokens: [(text: String, flags: String)]) throws -> Tokenizer {
        var next = 4
        let added = tokens.map { text, flags in
            let id = text == "\n" ? 3 : next
            if id == next { next += 1 }
            func has(_ flag: Character) -> Bool { flags.contains(flag) }
            let content = text.map { $0 == "\n" ? "\\n" : String($0) }.joined()
            return """
                {"id": \(id), "content": "\(content)", "single_word": \(has("w")), "lstrip": \(has("l")),
                 "rstrip": \(has("r")), "normalized": \(has("n")), "special": false}
                """
        }
        let json = """
            {"added_tokens": [\(added.joined(separator: ","))], "model": {"type": "BPE",
             "vocab": {"a": 0, "b": 1, " ": 2, "\\n": 3}, "merges": []}}
            """
        return try Tokenizer(json: Array(json.utf8), file: "t.json")
    }

    struct Case: Sendable {
        let tokens: [(text: String, flags: String)]
        let text: String
        let ids: [Int]

        /// - Parameter tokens: texts and flags in turn.
        init(_ tokens: [String], _ text: String, _ ids: [Int]) {
            self.tokens = stride(from: 0, to: tokens.count, by: 2).map { (tokens[$0], tokens[$0 + 1]) }
            (self.text, self.ids) = (text, ids)
        }
    }

    static let cases: [Case] = [
        Case(["<x>", "r", "\n", "l"], "a<x>\nb", [0, 4, 1]),
        Case(["<x>", "r", "\n", ""], "a<x>\nb", [0, 4, 3, 1]),
        Case(["<x>", "r", "\n", "lr"], "a<x>\n\n\nb", [0, 4, 1]),
        Case(["<x>", "r", "\n", ""], "a<x>\n\n\nb", [0, 4, 3, 3, 3, 1]),
        Case(["<x>", "r", "\n", "r"], "a<x>\n\n\nb", [0, 4, 3, 3, 3, 1]),
        Case(["<x>", "r", " y", "l"], "a<x>  yb", [0, 4, 5, 1]),
        Case(["<x>", "r", " y", ""], "a<x>  yb", [0, 4, 5, 1]),
        Case(["<x>", "r", "  y", "l"], "a<x>  yb", [0, 4, 5, 1]),
        Case(["<x>", "r", "\n", "lw"], "a<x>\nb", [0, 4, 1]),
        Case(["<x>", "r", "\n", "n"], "a<x>\n\n\nb", [0, 4, 1]),
        Case(["<x>", "rn", "\n", "n"], "a<x>\n\n\nb", [0, 4, 3, 3, 3, 1]),
        Case(["<x>", "rn", "\n", "nl"], "a<x>\nb", [0, 4, 1]),
        Case(["<x>", "r", "\n", "nlr"], "a<x>\n\n\nb", [0, 4, 1]),
        // Where the library fails, what is inside of swallowed white space vanishes too.
        Case(["<x>", "r", "\n", "l"], "a<x>\n\n\nb", [0, 4, 1]),
    ]

    @Test(arguments: cases)
    func swallowedWhiteSpace(_ test: Case) throws {
        let found = try Self.tokenizer(test.tokens).encode(test.text, addSpecialTokens: false)
        #expect(found == test.ids)
    }
}
