import AdaDimJSON

/// Which of llama.cpp's tokenizers a tokenizer.json is, found by what it does.
struct GGUFTokenizerKind: Equatable {
    let isSentencePiece: Bool
    /// `tokenizer.ggml.pre`.
    let preTokenizer: String
    /// SentencePiece's: whether a text gets a space before it.
    let addsSpace: Bool

    /// - Throws: ``ExportError/notInGGUF(model:reason:)``.
    init(_ files: TokenizerFiles) throws(ExportError) {
        guard files["model"]?["type"]?.text ?? "BPE" == "BPE" else {
            throw files.refusal("a tokenizer of the kind \(files["model"]?["type"]?.summary ?? ""), expected BPE")
        }
        if let adds = try Self.sentencePiece(files) {
            (isSentencePiece, preTokenizer, addsSpace) = (true, "default", adds)
            return
        }
        let ignoresMerges = files["model"]?["ignore_merges"] == .boolean(true)
        let parts = Self.parts(files["pre_tokenizer"])
        // llama.cpp normalizes no text. NFC leaves what nearly all texts are as it is.
        let normalizer = files["normalizer"]
        guard normalizer == nil || normalizer?["type"]?.text == "NFC" else {
            throw files.refusal("a normalizer \(normalizer?["type"]?.summary ?? ""), which llama.cpp does not apply")
        }
        guard
            let known = KnownPreTokenizer.all.first(where: {
                $0.parts == parts && $0.ignoresMerges == ignoresMerges
            })
        else {
            let names = KnownPreTokenizer.all.map(\.name).joined(separator: ", ")
            throw files.refusal(
                "a pre-tokenizer that none of llama.cpp's known ones is (\(Self.summary(parts))"
                    + "\(ignoresMerges ? ", whole words before merges" : "")), expected that of \(names)")
        }
        (isSentencePiece, preTokenizer, addsSpace) = (false, known.name, false)
    }

    /// Whether a text gets a space before it; nil for another kind.
    private static func sentencePiece(_ files: TokenizerFiles) throws(ExportError) -> Bool? {
        guard files["model"]?["byte_fallback"] == .boolean(true) else { return nil }
        let (normalizer, preTokenizer) = (files["normalizer"], files["pre_tokenizer"])
        let steps =
            normalizer?["type"]?.text == "Sequence"
            ? normalizer?["normalizers"]?.elements ?? [] : [normalizer].compactMap { $0 }
        let isReplacing = steps.last.map {
            $0["type"]?.text == "Replace" && $0["pattern"]?["String"]?.text == " " && $0["content"]?.text == mark
        }
        let isPrepending = steps.first.map { $0["type"]?.text == "Prepend" && $0["prepend"]?.text == mark }
        if preTokenizer == nil, isReplacing == true {
            if steps.count == 1 { return false }
            if steps.count == 2, isPrepending == true { return true }
        }
        if steps.isEmpty, preTokenizer?["type"]?.text == "Metaspace", preTokenizer?["replacement"]?.text == mark,
            preTokenizer?["split"] == .boolean(false)
        {
            return preTokenizer?["prepend_scheme"]?.text ?? "always" != "never"
        }
        throw files.refusal("tokens for bytes, and spaces that are treated otherwise than by SentencePiece")
    }

    private static let mark = "\u{2581}"

    /// The parts of a pre-tokenizer, sequences in sequences spread out.
    private static func parts(_ value: JSONValue?) -> [KnownPreTokenizer.Part] {
        guard let value else { return [] }
        switch value["type"]?.text {
        case "Sequence": return (value["pretokenizers"]?.elements ?? []).flatMap { parts($0) }
        case "ByteLevel" where value["add_prefix_space"] == .boolean(false):
            return [.byteLevel(findsWords: value["use_regex"] != .boolean(false))]
        case "Digits": return [.digits(individual: value["individual_digits"] == .boolean(true))]
        case "Split" where value["behavior"]?.text == "Isolated" && value["invert"] != .boolean(true):
            return [value["pattern"]?["Regex"]?.text.map { .split($0) } ?? .other("Split")]
        // Removed are the stretches between the words that the pattern finds.
        case "Split" where value["behavior"]?.text == "Removed" && value["invert"] == .boolean(true):
            return [value["pattern"]?["Regex"]?.text.map { .split($0) } ?? .other("Split")]
        case let type: return [.other(type ?? "unknown")]
        }
    }

    private static func summary(_ parts: [KnownPreTokenizer.Part]) -> String {
        parts.isEmpty ? "none" : parts.map(\.summary).joined(separator: ", then ")
    }
}

/// A pre-tokenizer that llama.cpp knows by name.
struct KnownPreTokenizer {
    enum Part: Equatable {
        /// Each byte as a character; GPT-2's words before that or not.
        case byteLevel(findsWords: Bool)
        case digits(individual: Bool)
        /// Cut at the matches of a regular expression, which stay.
        case split(String)
        case other(String)

        var summary: String {
            switch self {
            case .byteLevel(let findsWords): findsWords ? "GPT-2's words" : "bytes"
            case .digits(let individual): individual ? "single digits" : "numbers"
            case .split(let expression): "Split by \(expression)"
            case .other(let type): type
            }
        }
    }

    let name: String
    let parts: [Part]
    /// Whether a word that is a token is that one, whatever the merges are.
    let ignoresMerges: Bool

    private init(_ name: String, _ parts: Part..., ignoresMerges: Bool = false) {
        self.name = name
        self.parts = parts
        self.ignoresMerges = ignoresMerges
    }

    /// By `llm_tokenizer_bpe` and `llama_vocab::impl::load` of llama.cpp's llama-vocab.cpp, which has the expressions of the
    /// tokenizers as their tokenizer.json has them in comments.
    static let all = [
        KnownPreTokenizer("gpt-2", .byteLevel(findsWords: true)),
        KnownPreTokenizer("smollm", .digits(individual: true), .byteLevel(findsWords: true)),
        KnownPreTokenizer("llama-bpe", .split(threeDigits), .byteLevel(findsWords: false), ignoresMerges: true),
        KnownPreTokenizer("smaug-bpe", .split(threeDigits), .byteLevel(findsWords: false)),
        KnownPreTokenizer("qwen2", .split(oneDigit), .byteLevel(findsWords: false)),
        KnownPreTokenizer("qwen35", .split(oneDigitAndMarks), .byteLevel(findsWords: false)),
        KnownPreTokenizer("tekken", .split(cases), .byteLevel(findsWords: false), ignoresMerges: true),
        KnownPreTokenizer("gpt-4o", .split(casesAndEndings), .byteLevel(findsWords: false)),
    ]

    private static let endings = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)"#
    private static let rest = #" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    private static let threeDigits = endings + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"# + rest
    private static let oneDigit = endings + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"# + rest
    private static let oneDigitAndMarks =
        endings + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    private static let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
    private static let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
    private static let before = #"[^\r\n\p{L}\p{N}]?"#
    private static let restWithSlashes = #" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    private static let cases =
        "\(before)\(upper)*\(lower)+|\(before)\(upper)+\(lower)*|" + #"\p{N}|"# + restWithSlashes
    private static let casesAndEndings =
        "\(before)\(upper)*\(lower)+\(endings)?|\(before)\(upper)+\(lower)*\(endings)?|" + #"\p{N}{1,3}|"#
        + restWithSlashes
}
