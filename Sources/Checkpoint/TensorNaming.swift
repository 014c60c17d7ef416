/// How a checkpoint's files name the tensors of the decoder. This project names them as a language model with a head
/// does, `model.layers.0.…`; where only the decoder was saved, as embedding models are, names begin with `layers`.
package struct TensorNaming: Sendable, Equatable {
    /// What stands in the files where ``full`` stands in this project's names.
    package let prefix: String

    private static let full = "model."
    /// In the order in which they are looked for; the last one is of transformers' question answering models.
    private static let prefixes = [full, "", "transformer."]

    /// - Parameter names: of all tensors in the files.
    init(_ names: some Collection<String>) {
        prefix =
            Self.prefixes.first { prefix in names.contains { $0.hasPrefix(prefix + "layers.") } } ?? Self.full
    }

    /// Whether names stand in the files as in this project.
    package var isFull: Bool { prefix == Self.full }

    /// A tensor's or module's name in the files.
    package func stored(_ name: String) -> String {
        guard !isFull, name.hasPrefix(Self.full) else { return name }
        return prefix + name.dropFirst(Self.full.count)
    }

    /// The name in this project of a block's module, whichever way it is named; nil of any other.
    static func full(_ name: String) -> String? {
        for prefix in prefixes where name.hasPrefix(prefix + "layers.") {
            return full + name.dropFirst(prefix.count)
        }
        return nil
    }
}
