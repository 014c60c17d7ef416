import AdaDimArchitectures
import AdaDimSafetensors

/// The configuration of a decoder-only language model, from config.json, in the project's terms.
package struct ModelConfiguration: Sendable, Equatable {
    /// How rotary position embeddings are stretched beyond the length that the model was first trained for.
    package enum RotaryScaling: Sendable, Equatable {
        case none
        /// Every frequency divided by `factor`.
        case linear(factor: Double)
        /// Llama 3: long wavelengths divided by `factor`, short ones kept, the ones between blended.
        case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalLength: Int)
    }

    package var architecture: Architecture
    /// What config.json calls it.
    package var modelType: String
    package var vocabularySize: Int
    package var hiddenSize: Int
    package var intermediateSize: Int
    package var blockCount: Int
    /// For each block the place of its kind in ``Architecture/blockKinds``.
    var kindsOfBlocks: [Int]
    package var attentionHeads: Int
    package var keyValueHeads: Int
    package var headDimension: Int
    package var rmsNormEpsilon: Double
    package var rotaryBase: Double
    package var rotaryScaling: RotaryScaling
    /// For each block, how many positions back a token sees, itself included; nil for all of them.
    package var slidingWindows: [Int?]
    /// Of the keys that say whether linear layers have biases, those that are true.
    package var biasKeys: Set<String>
    /// Whether lm_head is the transposed embedding, not a tensor of its own.
    package var tiesEmbeddings: Bool
    /// The longest sequence that the model was made for.
    package var maximumLength: Int
    /// The type that the weights are stored in and loaded as, where config.json states one.
    package var elementType: TensorElementType?
    /// What a user should know of config.json, a sentence each that names the file and the key.
    package var notices: [String] = []
}
