import AdaDimArchitectures

/// How a checkpoint's files name the tensors of the decoder. This project names them as a language model with a head
/// does: `model.layers.0.…`, `lm_head.weight`. Files may omit `model.`, as those of embedding models do, or repeat it;
/// as in transformers, each tensor is looked up on its own.
package struct TensorNaming: Sendable, Equatable {
    /// What the files have before `layers` where this project's names have the model's own prefix.
    package let prefix: String
    /// The model's names, as this project has them.
    private let names: ModelNames
    /// The name in the files by this project's name, of tensors that have two.
    private var stored: [String: String] = [:]

    /// Of transformers' question answering models.
    private static let questionAnswering = "transformer."

    /// - Parameters:
    ///   - found: the names of all tensors in the files.
    ///   - names: of the model's modules.
    ///   - directory: for the error.
    /// - Throws: ``CheckpointError/ambiguousTensor(name:stored:directory:)``, where two tensors are one by their names.
    init(_ found: some Collection<String>, of names: ModelNames, directory: String) throws(CheckpointError) {
        self.names = names
        prefix =
            Self.prefixes(names).first { prefix in found.contains { $0.hasPrefix("\(prefix)\(names.blocks).") } }
            ?? names.prefix
        let all = Set(found)
        for found in found.sorted() {
            let name = full(found)
            guard name != found else { continue }
            if let other = all.contains(name) ? name : stored[name] {
                throw .ambiguousTensor(name: name, stored: [other, found].sorted(), directory: directory)
            }
            stored[name] = found
        }
    }

    /// Whether the decoder is a part of a question answering model, which has no output projection.
    var isQuestionAnswering: Bool { prefix == Self.questionAnswering && prefix != names.prefix }

    /// A tensor's or module's name in the files, whether it is there or would be.
    package func stored(_ name: String) -> String {
        if let found = stored[name] { return found }
        guard prefix != names.prefix, name.hasPrefix(names.prefix), full(name) == name else { return name }
        return prefix + name.dropFirst(names.prefix.count)
    }

    /// The name in this project for a name in these files. In a language model, names of a question answering model are
    /// not other names of its tensors, unless the prefix is the language model's own.
    package func full(_ name: String) -> String {
        let isForeign =
            name.hasPrefix(Self.questionAnswering) && names.prefix != Self.questionAnswering && !isQuestionAnswering
        return isForeign ? name : Self.full(name, names)
    }

    /// The prefixes that files may have, in the order in which they are looked for.
    private static func prefixes(_ names: ModelNames) -> [String] {
        [names.prefix, "", names.prefix + names.prefix, questionAnswering]
    }

    /// The name in this project of what has a name in any files.
    private static func full(_ name: String, _ names: ModelNames) -> String {
        let full = names.prefix
        // What follows the prefix in this project's names, and the heads, which may have the prefix, too.
        let parts = [names.blocks, names.embedding, names.finalNorm]
        let heads = [names.head, "score"]
        func isOne(of modules: [String], _ rest: Substring) -> Bool { modules.contains { rest.hasPrefix($0 + ".") } }
        for prefix in prefixes(names) where prefix != full && name.hasPrefix(prefix) {
            let rest = name.dropFirst(prefix.count)
            if isOne(of: parts, rest) { return full + rest }
        }
        let rest = name.dropFirst(full.count)
        return name.hasPrefix(full) && isOne(of: heads, rest) ? String(rest) : name
    }

    /// The name in this project of a block's module, of the embeddings or of the output projection, for each way to name it;
    /// nil for any other.
    static func full(module name: String, _ names: ModelNames) -> String? {
        let found = String(full(name + ".weight", names).dropLast(".weight".count))
        let isTable = found == names.prefix + names.embedding || found == names.head
        return isTable || found.hasPrefix("\(names.prefix)\(names.blocks).") ? found : nil
    }
}
