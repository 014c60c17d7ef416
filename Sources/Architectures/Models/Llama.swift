extension Architecture {
    /// Llama. A model type whose blocks and keys are Llama's joins it in the list.
    package static let llama: Architecture = {
        var llama = Architecture(
            llamaLike: ["llama"],
            .llamaLike(
                inputBias: .stated(key: "attention_bias"), outputBias: .stated(key: "attention_bias"),
                feedForwardBias: .stated(key: "mlp_bias")))
        llama.defaults.maximumLength = 2048
        llama.defaults.headsDivideHiddenSize = true
        llama.gguf = .llama
        llama.configuration.harmless = ["use_sliding_window", "max_window_layers"]
        // Prompts are not affected, but the key-value cache forgets what is further back.
        llama.configuration.fixed = ["sliding_window": [.null]]
        return llama
    }()
}
