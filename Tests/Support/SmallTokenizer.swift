/// A tokenizer.json for tiny models: a byte-level BPE of 58 tokens.
package enum SmallTokenizer {
    /// GPT-2's words, tokens of a byte each and a merge; ids from 58 on are not used.
    package static let json = """
        {"version": "1.0", "added_tokens": [{"id": 57, "content": "<|end|>", "single_word": false, "lstrip": false,
          "rstrip": false, "normalized": false, "special": true}], "normalizer": null,
         "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
         "post_processor": null, "decoder": {"type": "ByteLevel"},
         "model": {"type": "BPE", "vocab": {\(vocabulary)}, "merges": ["a b", "ab Ġ"]}}
        """
    /// 52 letters, the space, and what merges make.
    private static let vocabulary: String = {
        let letters = (65..<91).map { Character(Unicode.Scalar($0)) } + (97..<123).map { Character(Unicode.Scalar($0)) }
        let tokens = letters.map(String.init) + ["Ġ", "ab", "abĠ", "é"]
        return tokens.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
    }()
}
