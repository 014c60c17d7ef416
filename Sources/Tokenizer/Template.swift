/// What surrounds a text's tokens: the part of post-processing that concerns single texts and ids.
struct Template: Sendable {
    enum Piece: Sendable, Equatable {
        case text
        case special([Int])
    }

    var pieces: [Piece] = [.text]

    init(_ configuration: ConfigurationValue?) throws(TokenizerError) {
        guard let configuration else { return }
        let type = try configuration.typeName()
        switch type {
        case "ByteLevel": break  // It only adjusts where tokens lie in the text.
        case "TemplateProcessing": pieces = try Self.pieces(configuration)
        case "Sequence":
            var hasTemplate = false
            for processor in try configuration.required("processors").elements() {
                let template = try Template(processor)
                guard template.pieces != [.text] else { continue }
                // The library would take the first one's pieces for two texts.
                guard !hasTemplate else { throw processor.unsupported("a second template is not supported") }
                hasTemplate = true
                pieces = template.pieces
            }
        default: throw configuration.unsupported("the post-processor \"\(type)\" is not supported")
        }
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

    func applied(to ids: [Int], addSpecialTokens: Bool) -> [Int] {
        if pieces == [.text] { return ids }
        var result: [Int] = []
        for piece in pieces {
            switch piece {
            case .text: result += ids
            case .special(let special): if addSpecialTokens { result += special }
            }
        }
        return result
    }
}
