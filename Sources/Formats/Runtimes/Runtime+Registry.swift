import AdaDimQuantizedMatrices

extension Runtime {
    /// Every runtime, in the order in which help and errors name them.
    package static let allCases: [Runtime] = [
        .vLLM
    ]
}

extension Runtime: NamedChoice {
    package var rawValue: String { name }

    /// The runtime of a name; nil where there is none.
    package init?(rawValue: String) {
        guard let runtime = Self.allCases.first(where: { $0.name == rawValue }) else { return nil }
        self = runtime
    }
}
