extension Architecture {
    /// Qwen2 and Qwen2.5: queries, keys and values always have biases.
    package static let qwen2: Architecture = {
        var qwen2 = Architecture(llamaLike: ["qwen2"], .llamaLike(inputBias: .always))
        qwen2.defaults.keyValueHeads = 32
        qwen2.slidingWindow = .qwen
        qwen2.gguf = .llamaLike("qwen2", biasedModules: ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"])
        qwen2.configuration.harmless = ["attention_bias", "mlp_bias"]
        return qwen2
    }()
}

extension SlidingWindow {
    /// Qwen's: from a block on, and only where it is switched on.
    static let qwen = SlidingWindow(
        enablingKey: "use_sliding_window", firstBlock: FirstBlock(key: "max_window_layers", default: 28))
}
