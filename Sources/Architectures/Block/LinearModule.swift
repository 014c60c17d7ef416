/// A linear layer as every block of a kind has it.
package struct LinearModule: Sendable, Hashable {
    /// Of the module inside its block, as in `self_attn.q_proj`; with `*` in place of an expert's number.
    package var name: String
    package var input: Width
    /// What comes out, one part below the other: several parts of a fused projection.
    package var outputs: [Width]
    package var bias: Bias
    package var storage: Storage

    /// Whether the layer adds a bias.
    package enum Bias: Sendable, Hashable {
        case never
        case always
        /// Where a key of config.json is true; a missing key is false.
        case stated(key: String)
    }

    /// Where the layer's weight is stored.
    package enum Storage: Sendable, Hashable {
        /// In a tensor of its own.
        case own
        /// In some rows of another module's tensor: those after parts of these widths.
        case rows(ofModule: String, after: [Width])
    }

    package init(
        _ name: String, _ input: Width, to outputs: Width..., bias: Bias = .never, storage: Storage = .own
    ) {
        self.name = name
        self.input = input
        self.outputs = outputs
        self.bias = bias
        self.storage = storage
    }

    /// The last component of the name, by which reports group layers.
    package var role: String { String(name[(name.lastIndex(of: ".").map(name.index(after:)) ?? name.startIndex)...]) }
}

/// The number of features of an input or an output, by what config.json says.
package enum Width: Sendable, Hashable {
    case hidden
    /// Of all heads' queries: heads · head dimension.
    case queries
    /// Of all heads' keys, and of their values: key and value heads · head dimension.
    case keys
    case intermediate
    /// Of one head.
    case headDimension
    /// One for every expert.
    case experts
    /// What `intermediate` is to a block's one feed-forward network, of one expert.
    case expertIntermediate
    /// The same of the shared expert.
    case sharedIntermediate

    /// Whether only a block with experts has it.
    package var isOfExperts: Bool {
        switch self {
        case .experts, .expertIntermediate, .sharedIntermediate: true
        case .hidden, .queries, .keys, .intermediate, .headDimension: false
        }
    }
}
