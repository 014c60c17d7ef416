/// A step of a decoder block: linear layers that take the same input, hence have one Gram matrix, what is done with their
/// outputs, and where the result goes.
package struct BlockStage: Sendable, Hashable {
    /// As errors name it.
    package var name: String
    package var input: Input
    /// The layers, all of which take the input. The operation takes their outputs in this order.
    package var layers: [LinearModule]
    package var operation: Operation
    package var output: Output

    /// Where the input comes from.
    package enum Input: Sendable, Hashable {
        /// From the residual stream, through a norm if there is one.
        case residual(NormModule?)
        /// From the stage before, through a norm if there is one.
        case carried(NormModule?)
    }

    /// What is done with the layers' outputs.
    package enum Operation: Sendable, Hashable {
        /// Nothing: the output of the one layer is the result.
        case none
        /// Of the layers' outputs, the queries, keys and values.
        case attention(AttentionKind)
        /// activation(first) · second, elementwise, of two outputs.
        case gate(Activation)
    }

    /// Where the result goes.
    package enum Output: Sendable, Hashable {
        /// To the stage after.
        case carried
        /// It is added to the residual stream, through a norm if there is one.
        case residual(NormModule?)
    }

    package init(
        _ name: String, input: Input, layers: [LinearModule], operation: Operation = .none, output: Output
    ) {
        self.name = name
        self.input = input
        self.layers = layers
        self.operation = operation
        self.output = output
    }

    /// Whether the result is added to the residual stream.
    package var isAdded: Bool { output != .carried }

    /// Whether attention follows on the layers.
    package var isAttention: Bool { if case .attention = operation { true } else { false } }

    /// All norms of the stage, in the order of computation.
    package var norms: [NormModule] {
        let before: NormModule? =
            switch input {
            case .residual(let norm), .carried(let norm): norm
            }
        let within: [NormModule?] =
            if case .attention(let kind) = operation { [kind.queryNorm, kind.keyNorm] } else { [] }
        let after: NormModule? = if case .residual(let norm) = output { norm } else { nil }
        return ([before] + within + [after]).compactMap { $0 }
    }
}

/// What a gate's values go through.
package enum Activation: Sendable, Hashable {
    /// x / (1 + e⁻ˣ).
    case silu
    /// x·Φ(x), Φ by its approximation with tanh.
    case geluTanh

    /// The names that config.json has for it.
    package var names: [String] {
        switch self {
        case .silu: ["silu", "swish"]
        case .geluTanh: ["gelu_pytorch_tanh", "gelu_new", "gelu_fast"]
        }
    }
}
