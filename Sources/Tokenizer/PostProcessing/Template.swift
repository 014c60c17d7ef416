/// What surrounds a text's tokens: the part of post-processing that concerns single texts and ids.
///
/// Without special tokens, which is how texts are read here, most post-processors change no id.
struct Template: Sendable {
    enum Piece: Sendable, Equatable {
        case text
        case special([Int])
    }

    /// The pieces of each post-processor that has more than the text.
    private var steps: [[Piece]] = []

    init(_ configuration: ConfigurationValue?) throws(TokenizerError) {
        guard let configuration else { return }
        let type = try configuration.typeName()
        switch type {
        case "ByteLevel": break  // It only adjusts the positions of tokens in the text.
        case "TemplateProcessing": steps = [try Self.pieces(configuration)]
        case "BertProcessing", "RobertaProcessing":
            // trim_offsets and add_prefix_space concern the positions of tokens in the text, which are not needed here.
            let (start, end) = (try configuration.required("cls"), try configuration.required("sep"))
            steps = [[.special([try Self.id(of: start)]), .text, .special([try Self.id(of: end)])]]
        case "Sequence":
            for processor in try configuration.required("processors").elements() {
                steps += try Template(processor).steps
            }
            // The library would take two pieces of the first for two texts.
            if steps.count > 1, steps.contains(where: { $0.count { $0 == .text } != 1 }) {
                throw configuration.unsupported(
                    "a template with the text twice, or without it, together with another is not supported")
            }
        default: throw configuration.unsupported("the post-processor \"\(type)\" is not supported")
        }
        steps.removeAll { $0 == [.text] }
    }

    /// Of `["[CLS]", 101]`.
    private static func id(of token: ConfigurationValue) throws(TokenizerError) -> Int {
        let parts = try token.elements()
        guard parts.count == 2 else {
            throw token.malformed("found \(parts.count) elements, expected a token and its id")
        }
        _ = try parts[0].text()
        return Int(try parts[1].tokenID())
    }

    private static func pieces(_ configuration: ConfigurationValue) throws(TokenizerError) -> [Piece] {
        let specialTokens = try configuration.required("special_tokens")
        var pieces: [Piece] = []
        for piece in try configuration.required("single").elements() {
            if let sequence = try piece.optional("Sequence") {
                let id = try sequence.required("id")
                guard try id.text() == "A" else {
                    throw id.unsupported("found \(id.value.summary), expected \"A\", the one text there is")
                }
                pieces.append(.text)
            } else if let special = try piece.optional("SpecialToken") {
                let name = try special.required("id").text().description
                guard let token = try specialTokens.optional(name) else {
                    throw special.malformed("\"\(name)\" is not among special_tokens")
                }
                var ids: [Int] = []
                for id in try token.required("ids").elements() { ids.append(Int(try id.tokenID())) }
                pieces.append(.special(ids))
            } else {
                throw piece.malformed("expected Sequence or SpecialToken")
            }
        }
        return pieces
    }

    /// Whether it is known what is put around a text. Of two post-processors in a row it is not: the library takes a special token of the first
    /// for a text of the second.
    var knowsSpecialTokens: Bool { steps.count < 2 }

    /// - Precondition: ``knowsSpecialTokens``, where they are to be added.
    func applied(to ids: [Int], addSpecialTokens: Bool) -> [Int] {
        guard steps.count == 1 else { return ids }
        var result: [Int] = []
        for piece in steps[0] {
            switch piece {
            case .text: result += ids
            case .special(let special): if addSpecialTokens { result += special }
            }
        }
        return result
    }
}
