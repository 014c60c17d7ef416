import AdaDimTokenizer
import Testing

/// Post-processors that only put special tokens around a text: read, and without effect where none are requested.
@Suite struct PostProcessorTests {
    private static let bert = #"{"type": "BertProcessing", "sep": ["s", 3], "cls": ["c", 2]}"#
    private static let roberta = """
        {"type": "RobertaProcessing", "sep": ["s", 3], "cls": ["c", 2], "trim_offsets": true, "add_prefix_space": true}
        """
    private static let byteLevel = #"{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true}"#
    private static let template = """
        {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "c", "type_id": 0}},
         {"Sequence": {"id": "A", "type_id": 0}}], "pair": [], "special_tokens": {"c": {"id": "c", "ids": [2]}}}
        """

    private static func sequence(_ processors: String...) -> String {
        #"{"type": "Sequence", "processors": [\#(processors.joined(separator: ","))]}"#
    }

    private func tokenizer(_ processor: String) throws -> Tokenizer {
        let json = """
            {"post_processor": \(processor),
             "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "s": 3}, "merges": []}}
            """
        return try Tokenizer(json: Array(json.utf8), file: "t.json")
    }

    /// With the ids that `tokenizers` 0.23.3 gives with special tokens; nil where they are refused.
    @Test(
        arguments: [
            (bert, [2, 0, 1, 3]), (roberta, [2, 0, 1, 3]), (byteLevel, [0, 1]), (template, [2, 0, 1]),
            (sequence(), [0, 1]), (sequence(byteLevel, template), [2, 0, 1]),
            (sequence(bert, byteLevel), [2, 0, 1, 3]),
            (sequence(sequence(roberta)), [2, 0, 1, 3]), (sequence(bert, template), nil),
            (sequence(template, template), nil),
        ] as [(String, [Int]?)])
    func loads(processor: String, special: [Int]?) throws {
        let tokenizer = try tokenizer(processor)
        #expect(try tokenizer.encode("ab", addSpecialTokens: false) == [0, 1])
        if let special {
            #expect(try tokenizer.encode("ab", addSpecialTokens: true) == special)
        } else {
            #expect {
                _ = try tokenizer.encode("ab", addSpecialTokens: true)
            } throws: { error in
                "\(error)" == "t.json: the special tokens of two post-processors in a row are not supported"
            }
        }
    }
}
