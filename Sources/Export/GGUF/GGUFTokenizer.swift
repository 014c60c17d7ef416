import AdaDimCheckpoint
import AdaDimFiles
import AdaDimGGUF
import AdaDimJSON

/// A model's tokenizer as a GGUF file has it: from tokenizer.json, tokenizer_config.json and config.json.
///
/// llama.cpp has two kinds of byte-pair encoding. `gpt2` merges the characters that stand for bytes, word by word; words are found
/// as a pre-tokenizer's name says, which must be one that llama.cpp knows. `llama` is SentencePiece's: spaces are ▁, bytes without a
/// token are tokens <0xNN>, and the pair whose token has the greatest score is merged first.
struct GGUFTokenizer {
    private(set) var metadata: [(key: String, value: GGUFValue)] = []
    private(set) var notices: [String] = []

    /// - Throws: ``ExportError/notInGGUF(model:reason:)``.
    init(_ model: Checkpoint) throws(ExportError) {
        let files = try TokenizerFiles(model)
        let kind = try GGUFTokenizerKind(files)
        let vocabulary = try GGUFVocabulary(files, kind, size: model.configuration.vocabularySize)
        add("model", .string(kind.isSentencePiece ? "llama" : "gpt2"))
        add("pre", .string(kind.preTokenizer))
        add("tokens", .array(.string(vocabulary.tokens)))
        add("token_type", .array(.signed32(vocabulary.types)))
        if kind.isSentencePiece {
            add("scores", .array(.float32(try vocabulary.scores(files))))
            add("add_space_prefix", .boolean(kind.addsSpace))
        } else {
            add("merges", .array(.string(try files.merges().map { "\($0.0) \($0.1)" })))
        }
        let special = SpecialTokens(files, vocabulary)
        for (name, id) in special.ids { add("\(name)_token_id", .unsigned32(UInt32(id))) }
        let around = try special.around(files)
        add("add_bos_token", .boolean(around.beginning))
        add("add_eos_token", .boolean(around.end))
        if let template = try files.chatTemplate() { metadata.append(("tokenizer.chat_template", .string(template))) }
    }

    private mutating func add(_ key: String, _ value: GGUFValue) {
        metadata.append(("tokenizer.ggml.\(key)", value))
    }
}

/// The files that say how text becomes tokens.
struct TokenizerFiles {
    let model: String
    let tokenizer: JSONValue
    /// tokenizer_config.json; null where there is none.
    let settings: JSONValue
    let config: JSONValue

    private static let mostBytes = 512 << 20

    init(_ model: Checkpoint) throws(ExportError) {
        self.model = model.directory.path
        guard let tokenizer = try Self.read("tokenizer.json", in: self.model, .strict) else {
            throw .notInGGUF(model: self.model, reason: "no tokenizer.json, from which its tokenizer would be taken")
        }
        self.tokenizer = tokenizer
        settings = try Self.read("tokenizer_config.json", in: self.model, .python) ?? .null
        config = try Self.read("config.json", in: self.model, .python) ?? .null
    }

    private static func read(
        _ name: String, in directory: String, _ dialect: JSONDialect
    ) throws(ExportError) -> JSONValue? {
        let path = directory + "/" + name
        guard FileStatus.kind(of: path) != nil else { return nil }
        let bytes = try ExportError.wrapping { () throws(FileFailure) in try readFile(path, atMost: mostBytes) }
        do {
            return try JSONDocument(bytes, as: dialect).value
        } catch {
            throw .badConfig(file: path, reason: "\(error)")
        }
    }

    func refusal(_ reason: String) -> ExportError { .notInGGUF(model: model, reason: reason) }

    /// A member of tokenizer.json; nil where it is missing or null.
    subscript(_ name: String) -> JSONValue? { tokenizer[name].flatMap { $0 == .null ? nil : $0 } }

    /// The merges, first ones first.
    func merges() throws(ExportError) -> [(String, String)] {
        var merges: [(String, String)] = []
        for line in self["model"]?["merges"]?.elements ?? [] {
            let halves: [String]
            if let text = line.text {
                if text.hasPrefix("#version") { continue }
                halves = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            } else {
                halves = line.texts ?? []
            }
            guard halves.count == 2, !halves.contains(where: { $0.utf8.contains(UInt8(ascii: " ")) }) else {
                throw refusal("the merge \(line.summary), expected two tokens without spaces")
            }
            merges.append((halves[0], halves[1]))
        }
        return merges
    }

    /// The template of chats: in a file of its own, or in tokenizer_config.json, of several the one named default.
    func chatTemplate() throws(ExportError) -> String? {
        let path = model + "/chat_template.jinja"
        if FileStatus.kind(of: path) == .file {
            let bytes = try ExportError.wrapping { () throws(FileFailure) in
                try readFile(path, atMost: Self.mostBytes)
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .badConfig(file: path, reason: "not UTF-8")
            }
            return text
        }
        guard let stated = settings["chat_template"] else { return nil }
        if let text = stated.text { return text }
        return stated.elements?.first { $0["name"]?.text == "default" }?["template"]?.text
    }
}
