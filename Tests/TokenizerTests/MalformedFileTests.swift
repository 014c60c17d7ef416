import AdaDimTokenizer
import Foundation
import Testing

/// Whatever is wrong with a file is said, with the place, and never by a crash.
@Suite struct MalformedFileTests {
    /// A sound file, in which `changes` replaces some texts.
    private static func file(_ changes: [(String, String)] = []) -> String {
        var text = """
            {"version": "1.0", "truncation": null, "padding": null,
             "added_tokens": [{"id": 4, "content": "<x>", "single_word": false, "lstrip": false, "rstrip": false,
               "normalized": false, "special": true}],
             "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
             "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
               "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
               "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3}, "merges": ["a b"]}}
            """
        for (old, new) in changes {
            precondition(text.contains(old), "the change applies to nothing: \(old)")
            text = text.replacingOccurrences(of: old, with: new)
        }
        return text
    }

    private static func problem(_ json: String) -> String {
        do {
            _ = try Tokenizer(json: Array(json.utf8), file: "t.json")
            return "no error"
        } catch {
            return error.description
        }
    }

    @Test func theUnchangedFileIsSound() throws {
        let tokenizer = try Tokenizer(json: Array(Self.file().utf8), file: "t.json")
        #expect(try tokenizer.encode("ab<x>c?", addSpecialTokens: true) == [3, 4, 2])
        #expect(tokenizer.vocabularySize == 5)
        #expect(tokenizer.largestID == 4)
    }

    private static let preTokenizer = #""pre_tokenizer": null"#
    private static let normalizer = #""normalizer": null"#
    private static let postProcessor = #""post_processor": null"#

    @Test(arguments: [
        // Model
        (#""type": "BPE""#, #""type": "Unigram""#, #"model: the model type "Unigram" is not supported, only "BPE" is"#),
        (#""model": {"#, #""modle": {"#, #""model" is missing"#),
        (#""merges": ["#, #""marges": ["#, #"model: "merges" is missing"#),
        (#"{"a": 0, "b": 1, "c": 2, "ab": 3}"#, "[1, 2]", "model.vocab: found [1, 2], expected an object"),
        (#""c": 2"#, #""c": 1"#, #"model.vocab["c"]: the id 1 is also that of "b""#),
        (
            #""c": 2"#, #""c": -2"#,
            #"model.vocab["c"]: found -2, expected a token id (an integer from 0 to 2147483647)"#
        ),
        (
            #""c": 2"#, #""c": 2.5"#,
            #"model.vocab["c"]: found 2.5, expected a token id (an integer from 0 to 2147483647)"#
        ),
        (
            #""c": 2"#, #""c": 4294967296"#,
            #"model.vocab["c"]: found 4294967296, expected a token id (an integer from 0 to 2147483647)"#
        ),
        (#"["a b"]"#, #"["a b", "a d"]"#, #"model.merges[1]: merges "a" and "d", but the vocabulary has no "d""#),
        (#"["a b"]"#, #"["b c"]"#, #"model.merges[0]: merges "b" and "c", but the vocabulary has no "bc""#),
        (#"["a b"]"#, #"["a b c"]"#, #"model.merges[0]: found "a b c", expected two tokens with one space between"#),
        (#"["a b"]"#, #"["ab"]"#, #"model.merges[0]: found "ab", expected two tokens with one space between"#),
        (#"["a b"]"#, #"[["a"]]"#, "model.merges[0]: found 1 tokens, expected two"),
        (#"["a b"]"#, #"[7]"#, "model.merges[0]: found 7, expected a string"),
        (#""dropout": null"#, #""dropout": 0.1"#, "model.dropout: found 0.1; only null and 0 are supported"),
        (
            #""end_of_word_suffix": null"#, #""end_of_word_suffix": "</w>""#,
            #"model.end_of_word_suffix: found "</w>"; only null and "" are supported"#
        ),
        (
            #""continuing_subword_prefix": null"#, #""continuing_subword_prefix": "@@""#,
            #"model.continuing_subword_prefix: found "@@"; only null and "" are supported"#
        ),
        (#""fuse_unk": false"#, #""fuse_unk": 1"#, "model.fuse_unk: found 1, expected true or false"),
        (#""version": "1.0""#, #""version": "2.0""#, #"version: found "2.0", expected "1.0""#),
        // Added tokens
        (#""id": 4"#, #""id": 9"#, #"added_tokens[0]: "<x>" has the id 9, expected 4"#),
        (#""content": "<x>""#, #""content": "c""#, #"added_tokens[0]: "c" has the id 4, expected 2"#),
        (#""content": "<x>""#, #""content": """#, "added_tokens[0]: the token's content is empty"),
        (#""lstrip": false"#, #""lstrap": false"#, #"added_tokens[0]: "lstrip" is missing"#),
        // Pre-tokenizers
        (
            preTokenizer, #""pre_tokenizer": {"type": "BertPreTokenizer"}"#,
            #"pre_tokenizer: the pre-tokenizer "BertPreTokenizer" is not supported"#
        ),
        (preTokenizer, #""pre_tokenizer": {"add_prefix_space": true}"#, #"pre_tokenizer: "type" is missing"#),
        (
            preTokenizer, #""pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits"}]}"#,
            #"pre_tokenizer.pretokenizers[0]: "individual_digits" is missing"#
        ),
        (
            preTokenizer,
            #""pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "Melted", "invert": false}"#,
            #"pre_tokenizer.behavior: found "Melted", expected one of "Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous""#
        ),
        (
            preTokenizer,
            #""pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a"}, "behavior": "Isolated", "invert": false}"#,
            #"pre_tokenizer.pattern.Regex: the pattern "(a": a group is not closed"#
        ),
        (
            preTokenizer,
            #""pre_tokenizer": {"type": "Split", "pattern": {"Glob": "*"}, "behavior": "Isolated", "invert": false}"#,
            #"pre_tokenizer.pattern: the pattern kind "Glob" is not supported"#
        ),
        (
            preTokenizer, #""pre_tokenizer": {"type": "Metaspace", "replacement": "__"}"#,
            #"pre_tokenizer.replacement: found "__", expected one character"#
        ),
        (
            preTokenizer, #""pre_tokenizer": {"type": "Metaspace", "replacement": "_", "prepend_scheme": "last"}"#,
            #"pre_tokenizer.prepend_scheme: found "last", expected one of "always", "first", "never""#
        ),
        (
            preTokenizer, #""pre_tokenizer": {"type": "Metaspace", "replacement": "_", "add_prefix_space": false}"#,
            #"pre_tokenizer: add_prefix_space is false, but prepend_scheme is "always" (the default is "always")"#
        ),
        // Normalizers
        (
            normalizer, #""normalizer": {"type": "Precompiled"}"#,
            #"normalizer: the normalizer "Precompiled" is not supported"#
        ),
        (
            normalizer, #""normalizer": {"type": "Replace", "pattern": {"Regex": "\\p{Han}"}, "content": ""}"#,
            #"normalizer.pattern.Regex: the pattern "\p{Han}": the property \p{Han} is not supported"#
        ),
        (
            normalizer, #""normalizer": {"type": "Sequence", "normalizers": {}}"#,
            "normalizer.normalizers: found an object, expected an array"
        ),
        // Post-processors
        (
            postProcessor, #""post_processor": {"type": "ReverseProcessing"}"#,
            #"post_processor: the post-processor "ReverseProcessing" is not supported"#
        ),
        (
            postProcessor, #""post_processor": {"type": "BertProcessing", "sep": ["</s>", 1]}"#,
            #"post_processor: "cls" is missing"#
        ),
        (
            postProcessor, #""post_processor": {"type": "RobertaProcessing", "sep": ["</s>"], "cls": ["<s>", 0]}"#,
            "post_processor.sep: found 1 elements, expected a token and its id"
        ),
        (
            postProcessor,
            #""post_processor": {"type": "Sequence", "processors": [{"type": "Sequence", "processors": [{"type": "Reverse"}]}]}"#,
            #"post_processor.processors[0].processors[0]: the post-processor "Reverse" is not supported"#
        ),
        (
            postProcessor,
            #""post_processor": {"type": "Sequence", "processors": [{"type": "BertProcessing", "sep": ["b", 1], "cls": ["a", 0]}, {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A"}}, {"Sequence": {"id": "A"}}], "special_tokens": {}}]}"#,
            "post_processor: a template with the text twice, or without it, together with another is not supported"
        ),
        (
            #""normalizer": null, "pre_tokenizer": null"#,
            #""normalizer": {"type": "NFKD"}, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, {"type": "Metaspace", "replacement": "_", "prepend_scheme": "first"}]}"#,
            #"a Metaspace with prepend_scheme "first" after another pre-tokenizer that may cut or lengthen the beginning is not supported"#
        ),
        (
            postProcessor,
            #""post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}], "special_tokens": {}}"#,
            #"post_processor.single[0].SpecialToken: "<s>" is not among special_tokens"#
        ),
        (
            postProcessor,
            #""post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "B"}}], "special_tokens": {}}"#,
            #"post_processor.single[0].Sequence.id: found "B", expected "A", the one text there is"#
        ),
    ])
    func whatIsWrongIsNamed(old: String, new: String, problem: String) {
        #expect(Self.problem(Self.file([(old, new)])) == "t.json: \(problem)")
    }

    @Test func addedTokensThatContradictEachOther() {
        let first = #"{"id": 4, "content": "<x>", "single_word": false, "lstrip": false, "rstrip": false,"#
        let rest = #" "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": false}, "#
        #expect(
            Self.problem(Self.file([(first, #"{"id": 4, "content": "<x>","# + rest + first)]))
                == #"t.json: added_tokens[1]: the token "<x>" was added before, with the id 4"#)
        #expect(
            Self.problem(Self.file([(first, #"{"id": 4, "content": "<y>","# + rest + first)]))
                == #"t.json: added_tokens[1]: the id 4 of "<x>" is also that of "<y>""#)
    }

    @Test func notJSON() {
        #expect(
            Self.problem("") == "t.json: not valid JSON: line 1, column 1: found the end of the text, expected a value")
        #expect(
            Self.problem("{} x") == "t.json: not valid JSON: line 1, column 4: found 'x', expected the end of the text")
        #expect(
            Self.problem(#"{"a": 1, "a": 2}"#)
                == "t.json: not valid JSON: line 1, column 10: found the key \"a\" once more, expected each key once in an "
                + "object")
        #expect(
            Self.problem("{\"version\": \"1.0\",\n  \"model\": null\n  \"normalizer\": null}")
                == "t.json: not valid JSON: line 3, column 3: found '\"', expected ',' or '}'")
        #expect(Self.problem(#"{"a": "\ud800"}"#).contains("half of a surrogate pair"))
        #expect(Self.problem(#"{"a": "\q"}"#).contains("found 'q', expected one of \"\\/bfnrtu after a backslash"))
        #expect(
            Self.problem("[\"\n\"]").contains("found the control character U+000A in a string, expected it escaped"))
        #expect(Self.problem(#"{"a" 1}"#).contains("expected ':'"))
        #expect(Self.problem("[1e999]").contains("found the number 1e999, expected one that a double can hold"))
        #expect(Self.problem("[NaN]").contains("found 'N', expected a value"))
        #expect(Self.problem("[+1]").contains("expected a value"))
        #expect(Self.problem(String(repeating: "[", count: 100_000)).contains("nested deeper than 64 levels"))
        #expect {
            _ = try Tokenizer(json: [0x22, 0xFF, 0x22], file: "t.json")
        } throws: {
            "\($0)" == "t.json: not valid JSON: line 1, column 2: found the byte 0xFF (at offset 1), expected UTF-8"
        }
        #expect(Self.problem("[]") == "t.json: found [], expected an object")
    }

    @Test func theByteOrderMarkIsPassedOver() throws {
        let tokenizer = try Tokenizer(json: Array(("\u{FEFF}" + Self.file()).utf8), file: "t.json")
        #expect(try tokenizer.encode("ab", addSpecialTokens: false) == [3])
    }

    @Test func everyTruncationIsAnError() {
        let bytes = Array(Self.file().utf8)
        for count in 0..<bytes.count {
            #expect(throws: TokenizerError.self, "\(count) bytes") {
                try Tokenizer(json: Array(bytes[..<count]), file: "t.json")
            }
        }
    }

    /// No byte changed to another may do worse than be refused.
    @Test func changedBytesNeverCrash() {
        let bytes = Array(Self.file().utf8)
        for index in bytes.indices {
            for byte in [UInt8(ascii: "\""), UInt8(ascii: "9"), UInt8(ascii: "{"), UInt8(ascii: "a"), 0x00, 0xC3] {
                var changed = bytes
                changed[index] = byte
                let tokenizer = try? Tokenizer(json: changed, file: "t.json")
                _ = try? tokenizer?.encode("abcab<x> é", addSpecialTokens: true)
            }
        }
    }

    @Test func anAddedTokenThatNormalizingLeavesNothingOf() {
        let json = Self.file([
            (Self.normalizer, #""normalizer": {"type": "Strip", "strip_left": true, "strip_right": true}"#),
            (#""content": "<x>""#, #""content": "  ""#), (#""normalized": false"#, #""normalized": true"#),
        ])
        #expect(
            Self.problem(json)
                == #"t.json: added_tokens: "  " is empty once it is normalized, which is not supported"#)
    }

    /// A text that is too long is not the tokenizer's fault, so nothing of it is named.
    @Test func tooLongAText() throws {
        let tokenizer = try Tokenizer(json: Array(Self.file().utf8), file: "t.json")
        let text = String(repeating: "a", count: Tokenizer.longestText + 1)
        #expect {
            _ = try tokenizer.encode(text, addSpecialTokens: false)
        } throws: { error in
            "\(error)" == "a text of 268435456 bytes, expected at most 268435455"
        }
    }

    @Test func missingFile() {
        #expect {
            _ = try Tokenizer(file: URL(fileURLWithPath: "/no/such/tokenizer.json"))
        } throws: { error in
            "\(error)".hasPrefix("/no/such/tokenizer.json: cannot be read: ")
        }
    }

    @Test func unknownTokenOutsideOfTheVocabulary() throws {
        let json = Self.file([(#""unk_token": null"#, #""unk_token": "?""#)])
        let tokenizer = try Tokenizer(json: Array(json.utf8), file: "t.json")
        #expect(try tokenizer.encode("ab", addSpecialTokens: false) == [3])
        #expect {
            _ = try tokenizer.encode("ax", addSpecialTokens: false)
        } throws: { error in
            "\(error)" == #"t.json: a character is unknown, and the unknown token "?" too"#
        }
    }

    @Test func exponentialPatternIsAnErrorOfTheText() throws {
        let split = #"{"type": "Split", "pattern": {"Regex": "(?:a+)+b"}, "behavior": "Isolated", "invert": false}"#
        let json = Self.file([(Self.preTokenizer, #""pre_tokenizer": "# + split)])
        let tokenizer = try Tokenizer(json: Array(json.utf8), file: "t.json")
        #expect {
            _ = try tokenizer.encode(String(repeating: "a", count: 60), addSpecialTokens: false)
        } throws: { error in
            "\(error)" == "t.json: a pattern takes too many steps on this text"
        }
    }
}
