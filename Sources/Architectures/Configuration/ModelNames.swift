/// What a language model with a head calls its modules.
package struct ModelNames: Sendable, Hashable {
    /// What every name of the decoder begins with, as in `model.` or `model.language_model.`.
    package var prefix = "model."
    package var embedding = "embed_tokens"
    package var blocks = "layers"
    package var finalNorm = "norm"
    /// The output projection, which has no prefix.
    package var head = "lm_head"

    package init() {}

    package var embeddingWeight: String { "\(prefix)\(embedding).weight" }
    package var finalNormWeight: String { "\(prefix)\(finalNorm).weight" }
    package var headWeight: String { "\(head).weight" }

    /// The name of a block's module, as in `model.layers.3.self_attn.q_proj`.
    package func module(_ name: String, ofBlock index: Int) -> String { "\(prefix)\(blocks).\(index).\(name)" }
}
