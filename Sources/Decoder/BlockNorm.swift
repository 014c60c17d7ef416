import AdaDimCheckpoint

/// The norms of a decoder block; the raw value is the module's name inside its block.
enum BlockNorm: String {
    case input = "input_layernorm"
    case postAttention = "post_attention_layernorm"
    /// Of each head's queries and keys, before they are rotated.
    case query = "self_attn.q_norm"
    case key = "self_attn.k_norm"

    func tensorName(block: Int) -> String { "model.layers.\(block).\(rawValue).weight" }
}

extension ModelConfiguration {
    /// The norms that each block has.
    var blockNorms: [BlockNorm] {
        architecture == .qwen3 ? [.input, .postAttention, .query, .key] : [.input, .postAttention]
    }

    /// The number of a norm's weights.
    func length(of norm: BlockNorm) -> Int {
        switch norm {
        case .input, .postAttention: hiddenSize
        case .query, .key: headDimension
        }
    }
}
