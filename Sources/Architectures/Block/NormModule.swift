/// A norm: its module, what it normalizes, and how.
package struct NormModule: Sendable, Hashable {
    /// Inside its block, as in `input_layernorm`.
    package var name: String
    /// What is normalized together: all hidden features, one head's, or those of all heads.
    package var width: Width
    package var kind: Kind

    package enum Kind: Sendable, Hashable {
        /// x / √(mean(x²) + ε) · w.
        case rootMeanSquare
        /// x / √(mean(x²) + ε) · (1 + w).
        case rootMeanSquareOfOnePlusWeight
        /// (x − mean(x)) / √(variance(x) + ε) · w, and a bias where one is stored.
        case layerNorm
    }

    package init(_ name: String, over width: Width = .hidden, _ kind: Kind = .rootMeanSquare) {
        self.name = name
        self.width = width
        self.kind = kind
    }
}
