import AdaDimArchitectures

// How far each block's attention reaches, and how positions enter it.

extension ModelConfiguration {
    /// For each block the window of its attention, nil for the whole context. `layer_types` names the blocks that have
    /// one; without it the architecture's rules do.
    static func slidingWindows(
        _ keys: JSONKeys, _ rules: SlidingWindow?, blockCount: Int
    ) throws(CheckpointError) -> [Int?] {
        let window = try rules.flatMap { (rules) throws(CheckpointError) in try slidingWindow(keys, rules) }
        guard let types = try keys.strings("layer_types") else {
            let first = rules?.firstBlock
            let firstWindowed =
                try first.map { (first) throws(CheckpointError) in
                    try keys.size(first.key, least: 0) ?? first.value
                } ?? 0
            return (0..<blockCount).map { $0 >= firstWindowed ? window : nil }
        }
        guard types.count == blockCount else {
            throw .inconsistent(
                file: keys.file, reason: "layer_types has \(types.count) entries, expected \(blockCount), one a block")
        }
        let supported = ["full_attention"] + (rules == nil ? [] : ["sliding_attention"])
        var windows: [Int?] = []
        for type in types {
            guard supported.contains(type) else {
                throw .unsupported(file: keys.file, key: "layer_types", found: type, supported: supported)
            }
            let isWindowed = type == "sliding_attention"
            if isWindowed && window == nil {
                throw .inconsistent(
                    file: keys.file,
                    reason: "layer_types names sliding_attention, but \(rules?.settings ?? "nothing sets") no window")
            }
            windows.append(isWindowed ? window : nil)
        }
        return windows
    }

    /// The window of those blocks that have one.
    private static func slidingWindow(_ keys: JSONKeys, _ rules: SlidingWindow) throws(CheckpointError) -> Int? {
        let stated =
            try keys.size(rules.lengthKey) ?? (keys.has(rules.lengthKey) ? nil : rules.defaultLength)
        guard let key = rules.enablingKey else { return stated }
        return try keys.boolean(key) ?? false ? stated : nil
    }

    /// The base of the rotary frequencies and their scaling: from `rope_parameters` (transformers 5), or from
    /// `rope_theta` and `rope_scaling`, with the precedence that transformers gives them.
    static func rotary(
        _ keys: JSONKeys, defaultBase: Double, maximumLength: Int
    ) throws(CheckpointError) -> (base: Double, scaling: RotaryScaling) {
        let scaling = try keys.object("rope_scaling")
        let name = scaling.map { !$0.members.isEmpty } ?? false ? "rope_scaling" : "rope_parameters"
        let topBase = try keys.positiveNumber("rope_theta")
        guard try keys.positiveNumber("partial_rotary_factor") ?? 1 == 1 else {
            throw keys.wrong("partial_rotary_factor", expected: "1: every pair of a head is rotated")
        }
        guard let parameters = try keys.object(name) else { return (topBase ?? defaultBase, .none) }
        for layerType in ["full_attention", "sliding_attention"] where parameters.has(layerType) {
            throw .unsupported(
                file: keys.file, key: name, found: "a set of parameters for each layer type (\(layerType))",
                supported: ["one set for all layers"])
        }
        guard try parameters.positiveNumber("partial_rotary_factor") ?? 1 == 1 else {
            throw parameters.wrong("partial_rotary_factor", expected: "1: every pair of a head is rotated")
        }
        let base = try parameters.positiveNumber("rope_theta") ?? topBase ?? defaultBase
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
