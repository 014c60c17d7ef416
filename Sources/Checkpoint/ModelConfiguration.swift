import AdaDimSafetensors

/// What config.json says of a decoder-only language model, in the project's own terms.
public struct ModelConfiguration: Sendable, Equatable {
    /// The families of decoder blocks that this project computes.
    public enum Architecture: String, Sendable, CaseIterable {
        case llama, mistral, qwen2, qwen3
    }

    /// How rotary position embeddings are stretched beyond the length that the model was first trained for.
    public enum RotaryScaling: Sendable, Equatable {
        case none
        /// Every frequency divided by `factor`.
        case linear(factor: Double)
        /// Llama 3: long wavelengths divided by `factor`, short ones kept, the ones between blended.
        case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalLength: Int)
    }

    public var architecture: Architecture
    public var vocabularySize: Int
    public var hiddenSize: Int
    public var intermediateSize: Int
    public var blockCount: Int
    public var attentionHeads: Int
    public var keyValueHeads: Int
    public var headDimension: Int
    public var rmsNormEpsilon: Double
    public var rotaryBase: Double
    public var rotaryScaling: RotaryScaling
    /// For each block, how many positions back a token sees, itself included; nil for all of them.
    public var slidingWindows: [Int?]
    /// Whether q, k, v (and for Llama also o) have biases: Qwen2 always for q, k, v; others by `attention_bias`.
    public var attentionBias: Bool
    /// Whether gate, up and down have biases.
    public var mlpBias: Bool
    /// Whether lm_head is the transposed embedding, not a tensor of its own.
    public var tiesEmbeddings: Bool
    /// The longest sequence that the model was made for.
    public var maximumLength: Int
}
