extension Architecture {
    /// Qwen3: each head's queries and keys are normalized before they are rotated.
    package static let qwen3: Architecture = {
        var qwen3 = Architecture(
            llamaLike: ["qwen3"],
            .llamaLike(
                queryNorm: NormModule("self_attn.q_norm", over: .headDimension),
                keyNorm: NormModule("self_attn.k_norm", over: .headDimension),
                inputBias: .stated(key: "attention_bias"), outputBias: .stated(key: "attention_bias")))
        qwen3.defaults.keyValueHeads = 32
        qwen3.defaults.headDimension = 128
        qwen3.slidingWindow = .qwen
        qwen3.gguf = .llamaLike("qwen3")
        qwen3.configuration.harmless = ["mlp_bias"]
        return qwen3
    }()
}
