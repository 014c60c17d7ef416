import AdaDimJSON

// Which layers are packed, and how: what `quantization_config` in config.json says, as this project writes it (every layer's
// strategy block, integers, asymmetric).

extension CompressedTensors {
    package func mismatch(_ config: JSONKeys<FormatError>) throws(FormatError) -> String? {
        try mismatch(config, "format", "pack-quantized")
    }

    package func layers(
        in config: JSONKeys<FormatError>, _ moduleName: (String) -> String?
    ) throws(FormatError) -> [String: any PackedLayer] {
        guard let groups = try config.object("config_groups") else {
            throw config.wrong("config_groups", expected: "an object of groups")
        }
        var layers: [String: PackedBlocks] = [:]
        var seen: Set<String> = []
        for name in groups.members.keys.sorted() {
            guard let group = try groups.object(name) else { throw groups.wrong(name, expected: "an object") }
            let blocks = try blocks(group)
            guard let targets = try group.strings("targets") else {
                throw group.wrong("targets", expected: "a list of module names")
            }
            for target in targets {
                // A module that has two names, by the files and as a part of the whole model, is listed by both.
                guard let module = moduleName(target), seen.insert(target).inserted,
                    layers[module] == nil || layers[module] == blocks
                else {
                    throw unreadable(
                        config.file,
                        "\(group.path)targets has \"\(target)\", expected each module's full name, once")
                }
                layers[module] = blocks
            }
        }
        return Dictionary(uniqueKeysWithValues: layers.map { ($0, CompressedTensorsLayer(module: $0, blocks: $1)) })
    }

    private func blocks(_ group: JSONKeys<FormatError>) throws(FormatError) -> PackedBlocks {
        for key in ["input_activations", "output_activations"] where group.value(key) != nil {
            throw group.wrong(key, expected: "null: only weights are quantized")
        }
        guard let weights = try group.object("weights") else { throw group.wrong("weights", expected: "an object") }
        try require(weights, "type", "int")
        try require(weights, "strategy", "block")
        guard try weights.boolean("symmetric") == false else { throw weights.wrong("symmetric", expected: "false") }
        guard let bits = try weights.size("num_bits"), bits <= 8 else {
            throw weights.wrong("num_bits", expected: "an integer from 1 to 8")
        }
        guard let block = weights.value("block_structure")?.wholeNumbers, block.count == 2, block.min() == 1
        else { throw weights.wrong("block_structure", expected: "[group size, 1] or [1, group size]") }
        return PackedBlocks(bits: bits, rows: block[0], columns: block[1])
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
