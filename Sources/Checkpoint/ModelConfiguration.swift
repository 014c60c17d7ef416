import AdaDimSafetensors

/// What config.json says of a decoder-only language model, in the project's own terms.
package struct ModelConfiguration: Sendable, Equatable {
    /// The families of decoder blocks that this project computes.
    package enum Architecture: String, Sendable, CaseIterable {
        case llama, mistral, qwen2, qwen3
    }

    /// How rotary position embeddings are stretched beyond the length that the model was first trained for.
    package enum RotaryScaling: Sendable, Equatable {
        case none
        /// Every frequency divided by `factor`.
        case linear(factor: Double)
        /// Llama 3: long wavelengths divided by `factor`, short ones kept, the ones between blended.
        case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalLength: Int)
    }

    package var architecture: Architecture
    package var vocabularySize: Int
    package var hiddenSize: Int
    package var intermediateSize: Int
    package var blockCount: Int
    package var attentionHeads: Int
    package var keyValueHeads: Int
    package var headDimension: Int
    package var rmsNormEpsilon: Double
    package var rotaryBase: Double
    package var rotaryScaling: RotaryScaling
    /// For each block, how many positions back a token sees, itself included; nil for all of them.
    package var slidingWindows: [Int?]
    /// Whether q, k, v have biases: always in Qwen2, never in Mistral, by `attention_bias` in the others.
    package var attentionBias: Bool
    /// Whether gate, up and down have biases.
    package var mlpBias: Bool
    /// Whether lm_head is the transposed embedding, not a tensor of its own.
    package var tiesEmbeddings: Bool
    /// The longest sequence that the model was made for.
    package var maximumLength: Int
    /// The type that the weights are stored in and loaded as, where config.json states one.
    package var elementType: TensorElementType?
    /// What a user should know of config.json, a sentence each that names the file and the key.
    package var notices: [String] = []

    /// Whether o has a bias: `attention_bias` covers it, but Qwen2's own biases are of q, k and v only.
    package var outputBias: Bool { attentionBias && architecture != .qwen2 }

    /// Whether a block's linear layer adds a bias.
    package func hasBias(_ role: LinearRole) -> Bool {
        switch role {
        case .query, .key, .value: attentionBias
        case .output: outputBias
        case .gate, .up, .down: mlpBias
        }
    }
}
