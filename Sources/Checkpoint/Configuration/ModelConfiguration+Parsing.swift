import AdaDimArchitectures
import AdaDimFormats
import AdaDimJSON
import AdaDimSafetensors
import Foundation

// config.json, as transformers 4 and 5 write it. Keys left out have the defaults of transformers' configuration
// classes (models/*/configuration_*.py), which each architecture's description has, but for the sizes, which must be
// there.

extension ModelConfiguration {
    /// More blocks than any model has. Lists of blocks are made before a tensor is looked for, so that the file's word
    /// alone must not size them.
    private static let largestBlockCount = 10_000

    /// Reads config.json.
    /// - Parameters:
    ///   - json: the file's bytes.
    ///   - file: its path, for errors.
    ///   - allowingQuantized: whether a description of packed layers is passed over; it is an error otherwise.
    ///   - architectures: those that are known.
    package init(
        json: Data, file: String, allowingQuantized: Bool = false, architectures: [Architecture] = Architecture.all
    ) throws(CheckpointError) {
        let keys = try JSONKeys(json, file: file)
        let (modelType, architecture) = try Self.architecture(keys, of: architectures)
        let defaults = architecture.defaults
        if !allowingQuantized { try Self.refuseQuantized(keys) }
        let unknown = try Self.unknownKeys(keys, architecture)
        try Self.checkActivation(keys, architecture)
        func size(_ key: String, most: Int = Int(Int32.max)) throws(CheckpointError) -> Int {
            try keys.required(try keys.size(key, most: most), key, expected: "a positive integer")
        }

        self.architecture = architecture
        self.modelType = modelType
        vocabularySize = try size("vocab_size")
        hiddenSize = try size("hidden_size")
        intermediateSize = try size("intermediate_size")
        blockCount = try size("num_hidden_layers", most: Self.largestBlockCount)
        kindsOfBlocks = try Self.kindsOfBlocks(keys, architecture, blockCount: blockCount)
        attentionHeads = try size("num_attention_heads")
        // Missing and null differ: only a missing key takes the class's default.
        keyValueHeads =
            try keys.size("num_key_value_heads")
            ?? (keys.has("num_key_value_heads") ? nil : defaults.keyValueHeads) ?? attentionHeads
        let statedHeadDimension = try keys.size("head_dim")
        headDimension = statedHeadDimension ?? defaults.headDimension ?? hiddenSize / attentionHeads
        rmsNormEpsilon = try keys.positiveNumber("rms_norm_eps") ?? defaults.normEpsilon
        maximumLength = try keys.size("max_position_embeddings") ?? defaults.maximumLength
        (rotaryBase, rotaryScaling) = try Self.rotary(
            keys, defaultBase: defaults.rotaryBase, maximumLength: maximumLength)
        slidingWindows = try Self.slidingWindows(keys, architecture.slidingWindow, blockCount: blockCount)
        biasKeys = []
        for key in architecture.biasKeys where try keys.boolean(key) ?? false { biasKeys.insert(key) }
        tiesEmbeddings = try keys.boolean("tie_word_embeddings") ?? defaults.tiesEmbeddings
        elementType = try Self.elementType(keys)
        notices = [keys.notice, Self.notice(ofUnknown: unknown, file: file)].compactMap { $0 }

        if statedHeadDimension == nil && defaults.headDimension == nil || defaults.headsDivideHiddenSize {
            guard hiddenSize.isMultiple(of: attentionHeads) else {
                throw .inconsistent(
                    file: file,
                    reason: "hidden_size \(hiddenSize) is not a multiple of num_attention_heads \(attentionHeads)")
            }
        }
        try checkHeads(file)
    }

    private static func refuseQuantized(_ keys: JSONKeys) throws(CheckpointError) {
        for key in ExportFormat.configurationKeys {
            guard let quantization = try keys.object(key) else { continue }
            let method = try quantization.string("quant_method").map { "quant_method \($0)" }
            throw .alreadyQuantized(file: keys.file, by: method ?? "\(key), quant_method not stated")
        }
    }

    /// Of a model with gates, config.json must name their activation.
    private static func checkActivation(_ keys: JSONKeys, _ architecture: Architecture) throws(CheckpointError) {
        guard let names = architecture.activationNames else { return }
        let key = architecture.configuration.activationKey
        let found = try keys.string(key) ?? architecture.defaults.activation
        guard names.contains(found) else {
            throw .unsupported(file: keys.file, key: key, found: found, supported: names)
        }
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
                file: file, reason: "head_dim \(headDimension) is odd, but rotary embeddings rotate pairs")
        }
        let (width, overflow) = attentionHeads.multipliedReportingOverflow(by: headDimension)
        guard !overflow && width <= Int(Int32.max) else {
            throw .inconsistent(
                file: file,
                reason: "num_attention_heads \(attentionHeads) times head_dim \(headDimension) exceeds \(Int32.max)")
        }
    }

    private static func architecture(
        _ keys: JSONKeys, of known: [Architecture]
    ) throws(CheckpointError) -> (name: String, Architecture) {
        let names = known.flatMap(\.modelTypes)
        let name = try keys.required(
            try keys.string("model_type"), "model_type", expected: "one of \(names.joined(separator: ", "))")
        guard let architecture = known.first(where: { $0.modelTypes.contains(name) }) else {
            throw .unsupported(file: keys.file, key: "model_type", found: name, supported: names)
        }
        try architecture.checkReadable(name, keys.file)
        return (name, architecture)
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
