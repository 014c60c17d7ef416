import AdaDimJSON

/// All added tokens of a tokenizer.
struct AddedVocabulary: Sendable {
    /// Those looked for in the text as given.
    let verbatim: AddedTokenFinder
    /// Those looked for in normalized text.
    let normalized: AddedTokenFinder
    let ids: [ByteString: Int32]

    init(
        _ configuration: ConfigurationValue?, _ model: BytePairEncoding, _ normalizer: Normalizer?
    ) throws(TokenizerError) {
        var ids: [ByteString: Int32] = [:]
        var texts: [Int32: ByteString] = [:]
        var tokens: [AddedToken] = []
        for element in try configuration?.elements() ?? [] {
            let token = try AddedToken(element)
            if let id = ids[token.text] {
                throw element.malformed("the token \"\(token.text)\" was added before, with the id \(id)")
            }
            if let other = texts[token.id] {
                throw element.malformed("the id \(token.id) of \"\(token.text)\" is also that of \"\(other)\"")
            }
            // The library assigns ids itself; it would read a file with other ids differently.
            let assigned = model.vocabulary[token.text] ?? Self.nextID(after: ids, model)
            guard assigned == token.id else {
                throw element.malformed("\"\(token.text)\" has the id \(token.id), expected \(assigned)")
            }
            ids[token.text] = token.id
            texts[token.id] = token.text
            tokens.append(token)
        }
        self.ids = ids
        // Special ones take precedence where two look alike.
        let ordered = tokens.filter(\.isSpecial) + tokens.filter { !$0.isSpecial }
        let verbatim = ordered.filter { !$0.isNormalized }
        self.verbatim = AddedTokenFinder(verbatim, keys: verbatim.map(\.text))
        let normalized = ordered.filter(\.isNormalized)
        var keys: [ByteString] = []
        for token in normalized {
            func refusal(_ problem: String) -> TokenizerError {
                TokenizerError(
                    kind: .unsupported, file: configuration?.file ?? "", place: "added_tokens",
                    problem: "\"\(token.text)\" \(problem)")
            }
            let key: [UInt8]
            do {
                key = try normalizer?.normalized(token.text.bytes) ?? token.text.bytes
            } catch {
                throw refusal("cannot be normalized: a pattern takes too many steps")
            }
            // The library finds nothing everywhere: it cuts texts between all characters, and fails inside of them.
            guard !key.isEmpty else { throw refusal("is empty once it is normalized, which is not supported") }
            keys.append(ByteString(key))
        }
        self.normalized = AddedTokenFinder(normalized, keys: keys)
    }

    /// The library's rule for a token that the model does not have: one more than the greatest id among the added ones,
    /// but not less than the vocabulary's size.
    private static func nextID(after ids: [ByteString: Int32], _ model: BytePairEncoding) -> Int32 {
        let size = Int32(clamping: model.vocabulary.count)
        guard let greatest = ids.values.max(), greatest >= size, greatest < .max else { return size }
        return greatest + 1
    }
}
