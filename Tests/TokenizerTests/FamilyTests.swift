import AdaDimTokenizer
import Testing

/// The ids of the `tokenizers` library, for each family of settings (goldens: Goldens/make_goldens.py).
@Suite struct FamilyTests {
    static let families = [
        "gpt2", "gpt2_prefix", "llama3", "smollm", "qwen2", "llama2", "llama2_unknown", "llama2_unfused", "mistral",
        "metaspace_always", "metaspace_never", "flags_lowercase", "flags_metaspace", "flags_legacy", "cased_words",
        "deep_split", "whitespace", "whitespace_split",
    ]

    @Test func everyFamilyOfTheGoldensIsTested() throws {
        #expect(try GoldenCases.load().families.keys.sorted() == Self.families.sorted())
    }

    @Test(arguments: families)
    func idsAreThoseOfTheLibrary(family: String) throws {
        let cases = try GoldenCases.load()
        let golden = try #require(cases.families[family])
        let texts = family.hasPrefix("flags") ? cases.flagTexts : cases.texts
        let tokenizer = try GoldenCases.tokenizer(family)
        #expect(tokenizer.vocabularySize == golden.vocabularySize)
        #expect(texts.count == golden.ids.count)
        var mismatches = 0
        for (text, expected) in zip(texts, golden.ids) {
            let found = try tokenizer.encode(text, addSpecialTokens: false)
            guard found != expected else { continue }
            mismatches += 1
            if mismatches <= 10 { Issue.record("\(family), \(text.debugDescription):\n\(found)\n\(expected)") }
        }
        #expect(mismatches == 0, "\(family): \(mismatches) of \(texts.count) texts")
        for (text, expected) in zip(texts, golden.special) {
            let found = try tokenizer.encode(text, addSpecialTokens: true)
            #expect(found == expected, "\(family), with special tokens: \(text.debugDescription)")
        }
    }

    @Test(arguments: families)
    func longTextsAgreeToo(family: String) throws {
        let cases = try GoldenCases.load()
        let golden = try #require(cases.families[family])
        let tokenizer = try GoldenCases.tokenizer(family)
        #expect(cases.long.count == golden.long.count)
        for (rule, expected) in zip(cases.long, golden.long) {
            let found = try tokenizer.encode(rule.text, addSpecialTokens: false)
            #expect(GoldenCases.Digest(of: found) == expected, "\(family), \(rule.unit.debugDescription)")
        }
    }

    @Test func templateSurroundsTheTextOnlyWhenAsked() throws {
        let tokenizer = try GoldenCases.tokenizer("llama3")
        let begin = try #require(tokenizer.id(of: "<|begin_of_text|>"))
        let plain = try tokenizer.encode("sail", addSpecialTokens: false)
        #expect(try tokenizer.encode("sail", addSpecialTokens: true) == [begin] + plain)
        #expect(try tokenizer.encode("", addSpecialTokens: true) == [begin])
        #expect(try tokenizer.encode("", addSpecialTokens: false) == [])
        // A special token in the text itself is recognized either way.
        #expect(try tokenizer.encode("<|begin_of_text|>sail", addSpecialTokens: false) == [begin] + plain)
    }

    @Test func idsOfTokens() throws {
        let tokenizer = try GoldenCases.tokenizer("gpt2")
        #expect(tokenizer.id(of: "<|endoftext|>") == 0)
        #expect(tokenizer.id(of: "Ġthe") != nil)
        #expect(tokenizer.id(of: " the") == nil)
        #expect(tokenizer.largestID == tokenizer.vocabularySize - 1)
    }

    @Test func oneTokenizerServesManyTasks() async throws {
        let tokenizer = try GoldenCases.tokenizer("qwen2")
        let texts = Array(try GoldenCases.load().texts.prefix(100))
        let expected = try texts.map { try tokenizer.encode($0, addSpecialTokens: false) }
        try await withThrowingTaskGroup(of: [[Int]].self) { group in
            for _ in 0..<4 {
                group.addTask { try texts.map { try tokenizer.encode($0, addSpecialTokens: false) } }
            }
            for try await found in group { #expect(found == expected) }
        }
    }
}
