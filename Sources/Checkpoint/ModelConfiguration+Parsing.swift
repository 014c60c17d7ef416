import AdaDimSafetensors
import Foundation

// config.json, as transformers 4 and 5 write it. Keys left out have the defaults of transformers' configuration
// classes (models/{llama,mistral,qwen2,qwen3}/configuration_*.py), but for the sizes, which must be there.

extension ModelConfiguration {
    /// More blocks than any model has. Lists of blocks are made before a tensor is looked for, so that the file's word
    /// alone must not size them.
    private static let largestBlockCount = 10_000

    /// Reads config.json.
    /// - Parameters:
    ///   - json: the file's bytes.
    ///   - file: its path, for errors.
    ///   - allowingQuantized: whether a `quantization_config` is passed over; it is an error otherwise.
    package init(json: Data, file: String, allowingQuantized: Bool = false) throws(CheckpointError) {
        let keys = try JSONKeys(json, file: file)
        let architecture = try Self.architecture(keys)
        if !allowingQuantized, let quantization = try keys.object("quantization_config") {
            throw .alreadyQuantized(file: file, method: try quantization.string("quant_method") ?? "not stated")
        }
        let unknown = try Self.unknownKeys(keys, architecture)
        let activation = try keys.string("hidden_act") ?? "silu"
        guard ["silu", "swish"].contains(activation) else {
            throw .unsupported(file: file, key: "hidden_act", found: activation, supported: ["silu", "swish"])
        }
        func size(_ key: String, most: Int = Int(Int32.max)) throws(CheckpointError) -> Int {
            try keys.required(try keys.size(key, most: most), key, expected: "a positive integer")
        }

        self.architecture = architecture
        vocabularySize = try size("vocab_size")
        hiddenSize = try size("hidden_size")
        intermediateSize = try size("intermediate_size")
        blockCount = try size("num_hidden_layers", most: Self.largestBlockCount)
        attentionHeads = try size("num_attention_heads")
        // Missing and null differ: only a missing key takes the class's default.
        let classKeyValueHeads: [Architecture: Int] = [.mistral: 8, .qwen2: 32, .qwen3: 32]
        keyValueHeads =
            try keys.size("num_key_value_heads")
            ?? (keys.has("num_key_value_heads") ? nil : classKeyValueHeads[architecture]) ?? attentionHeads
        let statedHeadDimension = try keys.size("head_dim")
        headDimension = statedHeadDimension ?? (architecture == .qwen3 ? 128 : hiddenSize / attentionHeads)
        rmsNormEpsilon = try keys.positiveNumber("rms_norm_eps") ?? 1e-6
        let classMaximum: [Architecture: Int] = [.llama: 2048, .mistral: 131_072]
        maximumLength = try keys.size("max_position_embeddings") ?? classMaximum[architecture] ?? 32768
        (rotaryBase, rotaryScaling) = try Self.rotary(keys, maximumLength: maximumLength)
        slidingWindows = try Self.slidingWindows(keys, architecture, blockCount: blockCount)
        switch architecture {
        case .llama, .qwen3: attentionBias = try keys.boolean("attention_bias") ?? false
        case .mistral: attentionBias = false
        case .qwen2: attentionBias = true
        }
        mlpBias = architecture == .llama ? try keys.boolean("mlp_bias") ?? false : false
        tiesEmbeddings = try keys.boolean("tie_word_embeddings") ?? false
        elementType = try Self.elementType(keys)
        notices = [keys.notice, Self.notice(ofUnknown: unknown, file: file)].compactMap { $0 }

        if statedHeadDimension == nil && architecture != .qwen3 || architecture == .llama {
            guard hiddenSize.isMultiple(of: attentionHeads) else {
                throw .inconsistent(
                    file: file,
                    reason: "hidden_size \(hiddenSize) is not a multiple of num_attention_heads \(attentionHeads)")
            }
        }
        try checkHeads(file)
    }

    private func checkHeads(_ file: String) throws(CheckpointError) {
        guard attentionHeads.isMultiple(of: keyValueHeads) else {
            throw .inconsistent(
                file: file,
                reason: "num_attention_heads \(attentionHeads) is not a multiple of num_key_value_heads "
                    + "\(keyValueHeads)")
        }
        guard headDimension.isMultiple(of: 2) else {
            throw .inconsistent(
                file: file, reason: "head_dim \(headDimension) is odd, but rotary embeddings turn pairs")
        }
        let (width, overflow) = attentionHeads.multipliedReportingOverflow(by: headDimension)
        guard !overflow && width <= Int(Int32.max) else {
            throw .inconsistent(
                file: file,
                reason: "num_attention_heads \(attentionHeads) times head_dim \(headDimension) exceeds \(Int32.max)")
        }
    }

    private static func architecture(_ keys: JSONKeys) throws(CheckpointError) -> Architecture {
        let name = try keys.required(
            try keys.string("model_type"), "model_type",
            expected: "one of \(Architecture.allCases.map(\.rawValue).joined(separator: ", "))")
        guard let architecture = Architecture(rawValue: name) else {
            throw .unsupported(
                file: keys.file, key: "model_type", found: name, supported: Architecture.allCases.map(\.rawValue))
        }
        return architecture
    }

    /// `dtype` (transformers 5) or `torch_dtype`.
    private static func elementType(_ keys: JSONKeys) throws(CheckpointError) -> TensorElementType? {
        let key = keys.value("dtype") == nil ? "torch_dtype" : "dtype"
        guard let name = try keys.string(key) else { return nil }
        let types: [String: TensorElementType] = ["bfloat16": .bfloat16, "float16": .float16, "float32": .float32]
        guard let type = types[name] else {
            throw .unsupported(file: keys.file, key: key, found: name, supported: types.keys.sorted())
        }
        return type
    }
}
