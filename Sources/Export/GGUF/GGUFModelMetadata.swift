import AdaDimArchitectures
import AdaDimCheckpoint
import AdaDimGGUF
import Foundation

/// What a GGUF file says of a model, its tokenizer aside. Keys by docs/gguf.md of ggml.
struct GGUFModelMetadata {
    private(set) var metadata: [(key: String, value: GGUFValue)] = []
    /// Tensors that llama.cpp needs besides the model's.
    private(set) var tensors: [(name: String, values: [Float])] = []
    private(set) var notices: [String] = []

    init(_ model: Checkpoint, _ description: GGUFDescription) throws(ExportError) {
        let configuration = model.configuration
        let architecture = description.architecture
        let name = model.directory.standardizedFileURL.lastPathComponent
        metadata = [
            ("general.architecture", .string(architecture)), ("general.type", .string("model")),
            ("general.name", .string(name)),
        ]
        func add(_ key: String, _ value: GGUFValue) { metadata.append(("\(architecture).\(key)", value)) }
        func add(_ key: String, _ value: Int) { add(key, .unsigned32(UInt32(clamping: value))) }
        add("block_count", configuration.blockCount)
        add("context_length", contextLength(configuration))
        add("embedding_length", configuration.hiddenSize)
        add("feed_forward_length", configuration.intermediateSize)
        add("attention.head_count", configuration.attentionHeads)
        add("attention.head_count_kv", configuration.keyValueHeads)
        add("attention.key_length", configuration.headDimension)
        add("attention.value_length", configuration.headDimension)
        add("attention.layer_norm_rms_epsilon", .float32(Float(configuration.rmsNormEpsilon)))
        add("rope.dimension_count", configuration.headDimension)
        add("rope.freq_base", .float32(Float(configuration.rotaryBase)))
        add("vocab_size", configuration.vocabularySize)
        switch configuration.rotaryScaling {
        case .none: break
        case .linear(let factor):
            add("rope.scaling.type", .string("linear"))
            add("rope.scaling.factor", .float32(Float(factor)))
        case .llama3:
            guard description.readsRotaryFactors else {
                throw .notInGGUF(
                    model: model.directory.path,
                    reason: "positions stretched as Llama 3's, which llama.cpp's \(architecture) does not read")
            }
            tensors = [(GGUFDescription.rotaryFactors, Self.rotaryFactors(configuration))]
        }
    }

    /// Windows are no part of these architectures in llama.cpp, and have no effect on a text that is no longer: the context is that
    /// of the shortest window.
    private mutating func contextLength(_ configuration: ModelConfiguration) -> Int {
        let window = configuration.slidingWindows.compactMap { $0 }.min() ?? .max
        guard window < configuration.maximumLength else { return configuration.maximumLength }
        notices.append(
            "the context of the GGUF file is \(window) tokens instead of \(configuration.maximumLength): from there on a sliding "
                + "window counts, which llama.cpp does not compute for this model")
        return window
    }

    /// What each frequency of Llama 3's rotary embeddings is divided by, [head dimension / 2]: 1 for wavelengths that are short
    /// against the original length, the factor for long ones, and between them blended.
    static func rotaryFactors(_ configuration: ModelConfiguration) -> [Float] {
        guard case .llama3(let factor, let low, let high, let original) = configuration.rotaryScaling else { return [] }
        let size = configuration.headDimension
        return (0..<size / 2).map { pair in
            let frequency = pow(configuration.rotaryBase, -Double(2 * pair) / Double(size))
            let wavelength = 2 * Double.pi / frequency
            let turns = Double(original) / wavelength
            if turns > high { return 1 }
            if turns < low { return Float(factor) }
            let share = (turns - low) / (high - low)
            return Float(1 / ((1 - share) / factor + share))
        }
    }
}
