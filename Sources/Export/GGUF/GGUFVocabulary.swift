import AdaDimJSON

/// The tokens of a model by their ids, and what llama.cpp takes each for.
struct GGUFVocabulary {
    /// As tokenizer.json has them: characters that stand for bytes, or ▁ for spaces; those that were added as they are.
    private(set) var tokens: [String]
    /// `llama_token_type` of llama.h.
    private(set) var types: [Int32]
    let ids: [ByteString: Int]

    private enum Kind {
        static let normal: Int32 = 1
        static let unknown: Int32 = 2
        static let control: Int32 = 3
        static let userDefined: Int32 = 4
        static let unused: Int32 = 5
        static let byte: Int32 = 6
    }

    /// - Parameter size: rows of the table of embeddings; ids without a token get names that no text has.
    init(_ files: TokenizerFiles, _ kind: GGUFTokenizerKind, size: Int) throws(ExportError) {
        guard case .object(let members)? = files["model"]?["vocab"] else {
            throw files.refusal("no vocabulary in tokenizer.json")
        }
        var tokens = [String?](repeating: nil, count: size)
        var types = [Int32](repeating: Kind.unused, count: size)
        var ids: [ByteString: Int] = [:]
        func set(_ token: ByteString, _ id: Int?, _ type: Int32) throws(ExportError) {
            guard let id, tokens.indices.contains(id) else {
                throw files.refusal(
                    "the token \"\(token)\" with the id \(id.map(String.init) ?? "none"), expected one below \(size), the "
                        + "vocab_size of config.json")
            }
            guard let text = token.text else { throw files.refusal("the token of id \(id), which is not UTF-8") }
            tokens[id] = text
            types[id] = type
            ids[token] = id
        }
        let unknown = files["model"]?["unk_token"]?.text
        for (token, id) in members {
            let isByte = kind.isSentencePiece && Self.isByte(token)
            try set(token, id.wholeNumber, isByte ? Kind.byte : Kind.normal)
        }
        for added in files["added_tokens"]?.elements ?? [] {
            guard case .string(let token)? = added["content"] else {
                throw files.refusal("an added token without content")
            }
            let type = added["special"] == .boolean(true) ? Kind.control : Kind.userDefined
            try set(token, added["id"]?.wholeNumber, type)
        }
        // SentencePiece's unknown token is of its own kind, whatever else it is.
        if kind.isSentencePiece, let unknown, let id = ids[ByteString(unknown)] { types[id] = Kind.unknown }
        self.tokens = tokens.enumerated().map { $1 ?? "[PAD\($0)]" }
        self.types = types
        self.ids = ids
    }

    private static func isByte(_ token: ByteString) -> Bool {
        token.bytes.count == 6 && token.bytes.starts(with: "<0x".utf8) && token.bytes.last == UInt8(ascii: ">")
    }

    /// What SentencePiece would have as scores: the earlier a token's merges, the greater.
    func scores(_ files: TokenizerFiles) throws(ExportError) -> [Float] {
        var scores = [Float](repeating: 0, count: tokens.count)
        var (rank, previous) = (0, -1)
        var done: Set<Int> = []
        for (left, right) in try files.merges() {
            guard let id = ids[ByteString(left + right)] else { continue }
            if id == previous { continue }
            guard done.insert(id).inserted else {
                throw files.refusal(
                    "merges that no scores of tokens express: those to \"\(tokens[id])\" are not one after another")
            }
            rank += 1
            scores[id] = -Float(rank)
            previous = id
        }
        return scores
    }
}

/// Tokens with a meaning of their own.
struct SpecialTokens {
    /// By the names that keys have for them.
    private(set) var ids: [(name: String, id: Int)] = []

    /// From tokenizer_config.json by their text, else from config.json by their id.
    init(_ files: TokenizerFiles, _ vocabulary: GGUFVocabulary) {
        let names = [("bos", "bos"), ("eos", "eos"), ("unk", "unknown"), ("pad", "padding")]
        for (name, stored) in names {
            let stated = files.settings["\(name)_token"]
            let token = stated?.text ?? stated?["content"]?.text
            let number = files.config["\(name)_token_id"]
            let found =
                token.flatMap { vocabulary.ids[ByteString($0)] } ?? number?.wholeNumber ?? number?.wholeNumbers?.first
            if let found, vocabulary.tokens.indices.contains(found) { ids.append((stored, found)) }
        }
    }

    /// Which of them the tokenizer puts around a text.
    /// - Throws: ``ExportError/notInGGUF(model:reason:)`` for any other.
    func around(_ files: TokenizerFiles) throws(ExportError) -> (beginning: Bool, end: Bool) {
        let templates = Self.templates(files["post_processor"])
        guard let template = templates.first else { return (false, false) }
        guard templates.count == 1, let pieces = template["single"]?.elements,
            let text = pieces.firstIndex(where: { $0["Sequence"] != nil })
        else { throw files.refusal("a post-processor that is not one template with a text") }
        func ids(_ pieces: some Sequence<JSONValue>) -> [Int?] {
            pieces.flatMap { piece -> [Int?] in
                guard let name = piece["SpecialToken"]?["id"]?.text else { return [nil] }
                return template["special_tokens"]?[name]?["ids"]?.wholeNumbers?.map { Optional($0) } ?? [nil]
            }
        }
        let (before, after) = (ids(pieces[..<text]), ids(pieces[(text + 1)...]))
        let (beginning, end) = (self.ids.first { $0.name == "bos" }?.id, self.ids.first { $0.name == "eos" }?.id)
        guard before.isEmpty || before == [beginning], after.isEmpty || after == [end] else {
            throw files.refusal("a post-processor with other tokens around a text than the first and the last one's")
        }
        return (!before.isEmpty, !after.isEmpty)
    }

    private static func templates(_ processor: JSONValue?) -> [JSONValue] {
        switch processor?["type"]?.text {
        case "Sequence": (processor?["processors"]?.elements ?? []).flatMap { templates($0) }
        // Where tokens are in the text does not matter here.
        case "ByteLevel", nil: []
        default: processor.map { [$0] } ?? []
        }
    }
}
