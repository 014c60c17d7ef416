extension Architecture {
    /// Mistral, and Ministral, as which transformers opens one with `layer_types`.
    package static let mistral: Architecture = {
        var mistral = Architecture(llamaLike: ["mistral"], .llamaLike())
        mistral.defaults.keyValueHeads = 8
        mistral.defaults.maximumLength = 131_072
        mistral.slidingWindow = SlidingWindow()
        mistral.gguf = .llama
        mistral.configuration.harmless = ["attention_bias", "mlp_bias", "use_sliding_window", "max_window_layers"]
        return mistral
    }()
}
