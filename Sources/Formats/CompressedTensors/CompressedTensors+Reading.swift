import AdaDimJSON

// Which layers are packed, and how: what `quantization_config` in config.json says, as this project writes it (integers; strategy
// block, group or channel), and as others do where they mean the same by it.

extension CompressedTensors {
    package func mismatch(_ config: JSONKeys<FormatError>) throws(FormatError) -> String? {
        try mismatch(config, "format", "pack-quantized")
    }

    package func layers(
        in config: JSONKeys<FormatError>, of model: JSONKeys<FormatError>, _ moduleName: (String) -> String?
    ) throws(FormatError) -> [String: any PackedLayer] {
        guard let groups = try config.object("config_groups") else {
            throw config.wrong("config_groups", expected: "an object of groups")
        }
        var layers: [String: PackedScheme] = [:]
        var seen: Set<String> = []
        for name in groups.members.keys.sorted() {
            guard let group = try groups.object(name) else { throw groups.wrong(name, expected: "an object") }
            let scheme = try scheme(group)
            guard let targets = try group.strings("targets") else {
                throw group.wrong("targets", expected: "a list of module names")
            }
            for target in targets {
                // A module that has two names, by the files and as a part of the whole model, is listed by both.
                guard let module = moduleName(target), seen.insert(target).inserted,
                    layers[module] == nil || layers[module] == scheme
                else {
                    throw unreadable(
                        config.file,
                        "\(group.path)targets has \"\(target)\", expected each module's full name, once")
                }
                layers[module] = scheme
            }
        }
        return Dictionary(uniqueKeysWithValues: layers.map { ($0, CompressedTensorsLayer(module: $0, scheme: $1)) })
    }

    private func scheme(_ group: JSONKeys<FormatError>) throws(FormatError) -> PackedScheme {
        for key in ["input_activations", "output_activations"] where group.value(key) != nil {
            throw group.wrong(key, expected: "null: only weights are quantized")
        }
        guard let weights = try group.object("weights") else { throw group.wrong("weights", expected: "an object") }
        try require(weights, "type", "int")
        guard let name = try weights.string("strategy"), ["block", "group", "channel"].contains(name) else {
            throw unreadable(
                weights.file,
                "\(weights.path)strategy is \(try weights.string("strategy") ?? "missing"), expected block, group or channel"
            )
        }
        guard let isSymmetric = try weights.boolean("symmetric"), !isSymmetric || name != "block" else {
            throw weights.wrong("symmetric", expected: name == "block" ? "false" : "true or false")
        }
        guard let bits = try weights.size("num_bits"), bits <= 8 else {
            throw weights.wrong("num_bits", expected: "an integer from 1 to 8")
        }
        // Columns in another order than the codes have a tensor of their own.
        if let order = weights.value("actorder"),
            ![.string("weight"), .string("static"), .boolean(false)].contains(order)
        {
            throw weights.wrong("actorder", expected: "null, \"weight\" or \"static\": columns in their own order")
        }
        return PackedScheme(bits: bits, groups: try groups(weights, name), isSymmetric: isSymmetric)
    }

    private func groups(
        _ weights: JSONKeys<FormatError>, _ strategy: String
    ) throws(FormatError) -> PackedScheme.Groups {
        switch strategy {
        case "block":
            guard let block = weights.value("block_structure")?.wholeNumbers, block.count == 2, block.min() == 1 else {
                throw weights.wrong("block_structure", expected: "[group size, 1] or [1, group size]")
            }
            return .block(rows: block[0], columns: block[1])
        case "group":
            guard let size = try weights.size("group_size") else {
                throw weights.wrong("group_size", expected: "a positive integer")
            }
            return .group(size: size)
        default:
            // -1 means a whole channel.
            if let size = weights.value("group_size"), size.wholeNumber != -1 {
                throw weights.wrong("group_size", expected: "none or -1 with strategy channel")
            }
            return .channel
        }
    }

    private func require(
        _ keys: JSONKeys<FormatError>, _ key: String, _ expected: String
    ) throws(FormatError) {
        if let reason = try mismatch(keys, key, expected) { throw unreadable(keys.file, reason) }
    }

    /// What a key says instead of what is expected; nil where it says that.
    private func mismatch(
        _ keys: JSONKeys<FormatError>, _ key: String, _ expected: String
    ) throws(FormatError) -> String? {
        let found = try keys.string(key) ?? "missing"
        return found == expected ? nil : "\(keys.path)\(key) is \(found), expected \(expected)"
    }
}
