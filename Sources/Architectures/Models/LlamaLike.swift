extension BlockKind {
    /// The block of Llama and its relatives: attention and a gated feed-forward network, each after a norm and added to the
    /// residual stream.
    /// - Parameters:
    ///   - queryNorm: of each head's queries before they are rotated.
    ///   - keyNorm: of each head's keys.
    ///   - inputBias: of the layers that make queries, keys and values.
    ///   - outputBias: of the layer after attention.
    ///   - feedForwardBias: of the layers of the feed-forward network.
    static func llamaLike(
        queryNorm: NormModule? = nil, keyNorm: NormModule? = nil, inputBias: LinearModule.Bias = .never,
        outputBias: LinearModule.Bias = .never, feedForwardBias: LinearModule.Bias = .never
    ) -> BlockKind {
        BlockKind([
            BlockStage(
                "queryKeyValue", input: .residual(NormModule("input_layernorm")),
                layers: [
                    LinearModule("self_attn.q_proj", .hidden, to: .queries, bias: inputBias),
                    LinearModule("self_attn.k_proj", .hidden, to: .keys, bias: inputBias),
                    LinearModule("self_attn.v_proj", .hidden, to: .keys, bias: inputBias),
                ],
                operation: .attention(AttentionKind(queryNorm: queryNorm, keyNorm: keyNorm)), output: .carried),
            BlockStage(
                "attentionOutput", input: .carried(nil),
                layers: [LinearModule("self_attn.o_proj", .queries, to: .hidden, bias: outputBias)],
                output: .residual(nil)),
            BlockStage(
                "gateUp", input: .residual(NormModule("post_attention_layernorm")),
                layers: [
                    LinearModule("mlp.gate_proj", .hidden, to: .intermediate, bias: feedForwardBias),
                    LinearModule("mlp.up_proj", .hidden, to: .intermediate, bias: feedForwardBias),
                ],
                operation: .gate(.silu), output: .carried),
            BlockStage(
                "down", input: .carried(nil),
                layers: [LinearModule("mlp.down_proj", .intermediate, to: .hidden, bias: feedForwardBias)],
                output: .residual(nil)),
        ])
    }
}

extension Architecture {
    /// A model of equal blocks with a norm after them.
    init(llamaLike modelTypes: [String], _ block: BlockKind) {
        self.init(modelTypes: modelTypes, blockKinds: [block])
    }
}
