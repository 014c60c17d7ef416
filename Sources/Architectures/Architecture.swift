/// What a decoder-only language model consists of: the names of its modules, the stages of its blocks, and how
/// config.json states its numbers. A value that is read and never computed with: what opens a model, and what runs it,
/// asks this description which layers there are and what happens between them.
package struct Architecture: Sendable, Hashable {
    /// The `model_type`s of config.json that have this description.
    package var modelTypes: [String]
    package var names = ModelNames()
    package var defaults = ConfigurationDefaults()
    package var configuration = ConfigurationKeys()
    /// Which of the blocks attend to a window, and which keys say so; nil where none does.
    package var slidingWindow: SlidingWindow?
    package var embeddingScale = EmbeddingScale.none
    /// The kinds of blocks that the model is made of.
    package var blockKinds: [BlockKind]
    package var pattern = BlockPattern.uniform
    /// Of the norm after the last block, before the output projection; ``ModelNames/finalNorm`` is its name.
    package var finalNormKind = NormModule.Kind.rootMeanSquare
    /// The key of config.json with the bound c of logits, c · tanh(x / c); nil where they have none.
    package var logitSoftCapKey: String?
    /// What llama.cpp calls it; nil where it does not know it.
    package var gguf: GGUFDescription?

    package init(modelTypes: [String], blockKinds: [BlockKind]) {
        precondition(!blockKinds.isEmpty, "a model without blocks")
        self.modelTypes = modelTypes
        self.blockKinds = blockKinds
    }
}

/// What the embeddings of tokens are multiplied by.
package enum EmbeddingScale: Sendable, Hashable {
    case none
    /// √hidden.
    case rootOfHiddenSize
    /// The number of a key in config.json.
    case stated(key: String)
}
