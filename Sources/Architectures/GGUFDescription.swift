/// What llama.cpp calls an architecture and its tensors, and how it reads them, for files of its own format, GGUF.
package struct GGUFDescription: Sendable, Hashable {
    /// `general.architecture`.
    package var architecture: String
    /// The names of a block's modules in files by their names inside a block, both without `weight`.
    package var modules: [String: String]
    /// The modules inside a block whose bias it adds where a file has one.
    package var biasedModules: Set<String>
    /// Whether it rotates neighboring features 2i and 2i + 1 of queries and keys, where models rotate the halves i and i + d/2: the
    /// rows of these layers are permuted to that order in files.
    package var rotatesNeighbors: Bool
    /// Whether it reads factors of rotary frequencies, by which Llama 3 stretches positions.
    package var readsRotaryFactors: Bool

    // What no architecture has another name for.
    package static let embedding = "token_embd"
    package static let finalNorm = "output_norm"
    package static let head = "output"
    package static let blocks = "blk."
    package static let rotaryFactors = "rope_freqs.weight"

    /// The name of a block's module, as in `blk.3.attn_q`.
    package func module(_ name: String, ofBlock index: Int) -> String? {
        modules[name].map { "\(Self.blocks)\(index).\($0)" }
    }
}

extension GGUFDescription {
    /// Of a model whose modules have Llama's names.
    static func llamaLike(
        _ architecture: String, biasedModules: Set<String> = [], rotatesNeighbors: Bool = false,
        readsRotaryFactors: Bool = false
    ) -> GGUFDescription {
        GGUFDescription(
            architecture: architecture,
            modules: [
                "input_layernorm": "attn_norm",
                "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
                "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
                "self_attn.o_proj": "attn_output",
                "post_attention_layernorm": "ffn_norm",
                "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
            ], biasedModules: biasedModules, rotatesNeighbors: rotatesNeighbors, readsRotaryFactors: readsRotaryFactors)
    }

    /// What llama.cpp computes as `llama`: Llama and Mistral.
    static let llama = llamaLike(
        "llama",
        biasedModules: [
            "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj",
            "mlp.up_proj", "mlp.down_proj",
        ], rotatesNeighbors: true, readsRotaryFactors: true)
}
