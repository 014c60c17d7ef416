extension Architecture {
    /// The architectures that this project opens, a line each.
    package static let all: [Architecture] = [
        .llama,
        .mistral,
        .qwen2,
        .qwen3,
    ]
}
