/// How a checkpoint's files name the tensors of the decoder. This project names them as a language model with a head
/// does: `model.layers.0.…`, `lm_head.weight`. Files may leave `model.` out, as those of embedding models do, or have it
/// once too often; like transformers, this finds every tensor by itself.
package struct TensorNaming: Sendable, Equatable {
    /// What the files have before `layers` where this project's names have ``full``.
    package let prefix: String
    /// The name in the files by this project's name, of tensors that have two.
    private var stored: [String: String] = [:]

    private static let full = "model."
    /// Of transformers' question answering models.
    private static let questionAnswering = "transformer."
    /// In the order in which they are looked for.
    private static let prefixes = [full, "", full + full, questionAnswering]
    /// What follows ``full`` in this project's names.
    private static let parts = ["layers.", "embed_tokens.", "norm."]
    /// What stands on the decoder, which ``full`` may come before, too.
    private static let heads = ["lm_head.", "score."]

    /// - Parameters:
    ///   - names: of all tensors in the files.
    ///   - directory: for the error.
    /// - Throws: ``CheckpointError/ambiguousTensor(name:stored:directory:)``, where two tensors are one by their names.
    init(_ names: some Collection<String>, directory: String) throws(CheckpointError) {
        prefix =
            Self.prefixes.first { prefix in names.contains { $0.hasPrefix(prefix + "layers.") } } ?? Self.full
        let all = Set(names)
        for found in names.sorted() {
            let name = full(found)
            guard name != found else { continue }
            if let other = all.contains(name) ? name : stored[name] {
                throw .ambiguousTensor(name: name, stored: [other, found].sorted(), directory: directory)
            }
            stored[name] = found
        }
    }

    /// Whether the decoder is a part of a question answering model, which has no output projection.
    var isQuestionAnswering: Bool { prefix == Self.questionAnswering }

    /// A tensor's or module's name in the files, whether it is there or would be.
    package func stored(_ name: String) -> String {
        if let found = stored[name] { return found }
        guard prefix != Self.full, name.hasPrefix(Self.full), full(name) == name else { return name }
        return prefix + name.dropFirst(Self.full.count)
    }

    /// The name in this project of what has a name in these files. Beside a language model, those of a question answering
    /// model are no other names of its tensors.
    private func full(_ name: String) -> String {
        name.hasPrefix(Self.questionAnswering) && !isQuestionAnswering ? name : Self.full(name)
    }

    /// The name in this project of what has a name in any files.
    private static func full(_ name: String) -> String {
        for prefix in prefixes where prefix != full && name.hasPrefix(prefix) {
            let rest = name.dropFirst(prefix.count)
            if parts.contains(where: rest.hasPrefix) { return full + rest }
        }
        let rest = name.dropFirst(full.count)
        return name.hasPrefix(full) && heads.contains(where: rest.hasPrefix) ? String(rest) : name
    }

    /// The name in this project of a block's module, whichever way it is named; nil of any other.
    static func full(module name: String) -> String? {
        let found = full(name)
        return found.hasPrefix(full + "layers.") ? found : nil
    }
}
