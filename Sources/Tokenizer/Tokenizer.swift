import AdaDimJSON

/// Text to token ids, as a Hugging Face `tokenizer.json` with byte-pair encoding prescribes.
///
/// Gives the ids that the `tokenizers` library gives. What it does not know of a file it refuses by name when loading.
package struct Tokenizer: Sendable {
    private let file: String
    private let added: AddedVocabulary
    private let normalizer: Normalizer?
    private let preTokenizer: PreTokenizer?
    private let model: BytePairEncoding
    private let template: Template

    /// How many tokens there are, added ones included. Ids need not be contiguous: see ``largestID``.
    package let vocabularySize: Int
    /// The greatest id of all tokens; -1 if there are none.
    package let largestID: Int

    /// - Parameters:
    ///   - json: the bytes of a `tokenizer.json`.
    ///   - file: its name, for errors.
    package init(json: [UInt8], file: String) throws(TokenizerError) {
        let document: JSONValue
        do {
            document = try JSONDocument(json, as: .strict).value
        } catch {
            throw TokenizerError(
                kind: .invalidJSON, file: file, place: "", problem: "not valid JSON: \(error)")
        }
        let root = ConfigurationValue(value: document, file: file, place: "")
        if let version = try root.optional("version"), try version.text() != "1.0" {
            throw version.unsupported("found \(version.value.summary), expected \"1.0\"")
        }
        self.file = file
        // Truncation and padding shape batches and are set by the code that forms them; a text is encoded whole here.
        normalizer = try root.optional("normalizer").map(Normalizer.init)
        preTokenizer = try root.optional("pre_tokenizer").map(PreTokenizer.init)
        if preTokenizer?.asksForBeginning == true, normalizer?.mayMoveBeginning == true {
            throw root.unsupported(
                "a Metaspace with prepend_scheme \"first\" after a normalizer that changes the beginning is not supported"
            )
        }
        if preTokenizer?.asksInsideFirstCharacter(isLengthened: normalizer?.mayLengthen ?? false) == true {
            throw root.unsupported(
                "a Metaspace with prepend_scheme \"first\" after another pre-tokenizer that may cut or lengthen the beginning is "
                    + "not supported")
        }
        model = try BytePairEncoding(try root.required("model"))
        added = try AddedVocabulary(try root.optional("added_tokens"), model, normalizer)
        template = try Template(try root.optional("post_processor"))
        var ids = Set(model.vocabulary.values)
        ids.formUnion(added.ids.values)
        vocabularySize = ids.count
        largestID = ids.max().map(Int.init) ?? -1
    }

    /// The id of a token by its text as the file has it (for byte-level models: "Ġthe", not " the").
    package func id(of token: String) -> Int? {
        let token = ByteString(token)
        return (added.ids[token] ?? model.vocabulary[token]).map(Int.init)
    }

    /// Bytes that a text may have. Symbols are numbered in 32 bits; normalizing and byte-level characters may lengthen a
    /// text several times.
    package static let longestText = 1 << 28 - 1

    /// - Parameters:
    ///   - text: at most ``longestText`` bytes; added tokens in it are always recognized.
    ///   - addSpecialTokens: whether to put what the post-processor's template puts around a text.
    package func encode(_ text: String, addSpecialTokens: Bool) throws(TokenizerError) -> [Int] {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.longestText else {
            // Nothing is wrong with the tokenizer.
            throw TokenizerError(
                kind: .encoding, file: "", place: "",
                problem: "a text of \(bytes.count) bytes, expected at most \(Self.longestText)")
        }
        guard template.knowsSpecialTokens || !addSpecialTokens else {
            throw failure("the special tokens of two post-processors in a row are not supported")
        }
        var encoder = WordEncoder(model, forTextOf: bytes.count)
        var ids: [Int] = []
        for part in added.verbatim.parts(of: bytes) {
            switch part {
            case .token(let id): ids.append(Int(id))
            case .text(let range):
                do {
                    try encode(bytes[range], beginsInput: range.lowerBound == 0, &encoder, into: &ids)
                } catch let error as BytePairEncoding.MissingUnknownToken {
                    throw failure("a character is unknown, and the unknown token \"\(error.token)\" too")
                } catch {
                    throw failure("a pattern takes too many steps on this text")
                }
            }
        }
        return template.applied(to: ids, addSpecialTokens: addSpecialTokens)
    }

    private func failure(_ problem: String) -> TokenizerError {
        TokenizerError(kind: .encoding, file: file, place: "", problem: problem)
    }

    /// A stretch between added tokens.
    private func encode(
        _ text: ArraySlice<UInt8>, beginsInput: Bool, _ encoder: inout WordEncoder, into ids: inout [Int]
    ) throws {
        let text = try normalizer?.normalized(Array(text)) ?? Array(text)
        for part in added.normalized.parts(of: text) {
            switch part {
            case .token(let id): ids.append(Int(id))
            case .text(let range):
                var words = PreTokenizedText(Array(text[range]), beginsInput: beginsInput && range.lowerBound == 0)
                try preTokenizer?.apply(to: &words)
                for word in words.words { try encoder.encode(word, of: words.text, into: &ids) }
            }
        }
    }
}
