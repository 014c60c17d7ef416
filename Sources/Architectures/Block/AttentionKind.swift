/// How queries, keys and values become what attention reads.
package struct AttentionKind: Sendable, Hashable {
    /// Of queries and of keys, before they are rotated.
    package var queryNorm: NormModule?
    package var keyNorm: NormModule?
    package var rotary: RotaryKind
    /// Whether a block of this kind has the window that config.json states for it, or none in any case.
    package var hasWindow: Bool
    package var scale: Scale
    /// The key of config.json with the bound c of scores, c · tanh(x / c); nil where they have none.
    package var softCapKey: String?

    /// What scores are multiplied by.
    package enum Scale: Sendable, Hashable {
        /// 1 / √(head dimension).
        case headDimension
        /// 1 / √(the number of a key in config.json).
        case stated(key: String)
    }

    package init(
        queryNorm: NormModule? = nil, keyNorm: NormModule? = nil, rotary: RotaryKind = .halves, hasWindow: Bool = true,
        scale: Scale = .headDimension, softCapKey: String? = nil
    ) {
        self.queryNorm = queryNorm
        self.keyNorm = keyNorm
        self.rotary = rotary
        self.hasWindow = hasWindow
        self.scale = scale
        self.softCapKey = softCapKey
    }
}

/// Which features of a head are rotated together by rotary position embeddings.
package enum RotaryKind: Sendable, Hashable {
    /// Positions do not enter.
    case none
    /// i and i + d/2, all of them.
    case halves
    /// 2i and 2i + 1, all of them.
    case neighbors
    /// Halves of the first features only, a share of them that a key of config.json states.
    case partialHalves(key: String)
}
