// How far each block's attention reaches, and how positions enter it.

extension ModelConfiguration {
    /// For each block the window of its attention, nil for the whole context. `layer_types` names the blocks that have
    /// one. Without it, Mistral: `sliding_window` in every block. Qwen: from `max_window_layers` on, and only with
    /// `use_sliding_window`. Llama: none.
    static func slidingWindows(
        _ keys: JSONKeys, _ architecture: Architecture, blockCount: Int
    ) throws(CheckpointError) -> [Int?] {
        let window = try slidingWindow(keys, architecture)
        guard let types = try keys.strings("layer_types") else {
            let isQwen = architecture == .qwen2 || architecture == .qwen3
            let firstWindowed = isQwen ? try keys.size("max_window_layers", least: 0) ?? 28 : 0
            return (0..<blockCount).map { $0 >= firstWindowed ? window : nil }
        }
        guard types.count == blockCount else {
            throw .inconsistent(
                file: keys.file, reason: "layer_types has \(types.count) entries, expected \(blockCount), one a block")
        }
        let supported = ["full_attention"] + (architecture == .llama ? [] : ["sliding_attention"])
        var windows: [Int?] = []
        for type in types {
            guard supported.contains(type) else {
                throw .unsupported(file: keys.file, key: "layer_types", found: type, supported: supported)
            }
            let isWindowed = type == "sliding_attention"
            if isWindowed && window == nil {
                let settings =
                    architecture == .mistral ? "sliding_window sets" : "use_sliding_window and sliding_window set"
                throw .inconsistent(
                    file: keys.file, reason: "layer_types names sliding_attention, but \(settings) no window")
            }
            windows.append(isWindowed ? window : nil)
        }
        return windows
    }

    /// The window of those blocks that have one. Where the key is missing it is 4096, where it is null there is none.
    private static func slidingWindow(_ keys: JSONKeys, _ architecture: Architecture) throws(CheckpointError) -> Int? {
        let stated = try keys.size("sliding_window") ?? (keys.has("sliding_window") ? nil : 4096)
        switch architecture {
        case .llama: return nil
        case .mistral: return stated
        case .qwen2, .qwen3: return try keys.boolean("use_sliding_window") ?? false ? stated : nil
        }
    }

    /// The base of the rotary frequencies and their scaling: from `rope_parameters` (transformers 5), or from
    /// `rope_theta` and `rope_scaling`, with the precedence that transformers gives them.
    static func rotary(
        _ keys: JSONKeys, maximumLength: Int
    ) throws(CheckpointError) -> (base: Double, scaling: RotaryScaling) {
        let scaling = try keys.object("rope_scaling")
        let name = scaling.map { !$0.members.isEmpty } ?? false ? "rope_scaling" : "rope_parameters"
        let topBase = try keys.positiveNumber("rope_theta")
        guard try keys.positiveNumber("partial_rotary_factor") ?? 1 == 1 else {
            throw keys.wrong("partial_rotary_factor", expected: "1: every pair of a head is turned")
        }
        guard let parameters = try keys.object(name) else { return (topBase ?? 10_000, .none) }
        for layerType in ["full_attention", "sliding_attention"] where parameters.has(layerType) {
            throw .unsupported(
                file: keys.file, key: name, found: "a set of parameters for each layer type (\(layerType))",
                supported: ["one set for all layers"])
        }
        guard try parameters.positiveNumber("partial_rotary_factor") ?? 1 == 1 else {
            throw parameters.wrong("partial_rotary_factor", expected: "1: every pair of a head is turned")
        }
        let base = try parameters.positiveNumber("rope_theta") ?? topBase ?? 10_000
        func number(_ key: String) throws(CheckpointError) -> Double {
            try parameters.required(try parameters.positiveNumber(key), key, expected: "a positive number")
        }
        let typeKey = parameters.value("rope_type") == nil ? "type" : "rope_type"
        switch try parameters.string(typeKey) ?? "default" {
        case "default": return (base, .none)
        case "linear": return (base, .linear(factor: try number("factor")))
        case "llama3":
            let (low, high) = (try number("low_freq_factor"), try number("high_freq_factor"))
            guard low < high else {
                throw .inconsistent(
                    file: keys.file,
                    reason: "\(name): low_freq_factor \(low) is not below high_freq_factor \(high)")
            }
            // The one outside comes before the one in the parameters.
            let (outside, inside) = (
                try keys.size("original_max_position_embeddings"),
                try parameters.size("original_max_position_embeddings")
            )
            let length = outside ?? inside ?? maximumLength
            return (
                base,
                .llama3(
                    factor: try number("factor"), lowFrequencyFactor: low, highFrequencyFactor: high,
                    originalLength: length)
            )
        case let type:
            throw .unsupported(
                file: keys.file, key: "\(name).\(typeKey)", found: type, supported: ["default", "linear", "llama3"])
        }
    }
}
