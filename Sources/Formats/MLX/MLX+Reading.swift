import AdaDimJSON
import AdaDimQuantizedMatrices

// Which layers are packed, and how: what `quantization` and `adadim` in config.json say, as this project writes them.

extension MLX {
    package func mismatch(_ config: JSONKeys<FormatError>) throws(FormatError) -> String? {
        let mode = try config.string("mode") ?? "affine"
        return mode == "affine" ? nil : "\(config.path)mode is \(mode), expected affine"
    }

    package func layers(
        in config: JSONKeys<FormatError>, of model: JSONKeys<FormatError>, _ moduleName: (String) -> String?
    ) throws(FormatError) -> [String: any PackedLayer] {
        var layers: [String: any PackedLayer] = [:]
        // Of the others, bits and group size are those of layers that are not named.
        for (name, value) in config.members where value.members != nil {
            try add(name, of: config, .perOutputChannel, to: &layers, moduleName)
        }
        guard !layers.isEmpty || model.has(MLXConfiguration.perInputKey) else {
            throw unreadable(config.file, "\(config.path)… names no layer, expected the bits and group size of each")
        }
        if let table = try model.object(MLXConfiguration.perInputKey) {
            for name in table.members.keys { try add(name, of: table, .perInputChannel, to: &layers, moduleName) }
        }
        return layers
    }

    private func add(
        _ name: String, of table: JSONKeys<FormatError>, _ dimension: ChannelDimension,
        to layers: inout [String: any PackedLayer], _ moduleName: (String) -> String?
    ) throws(FormatError) {
        guard let module = moduleName(name), layers[module] == nil else {
            throw unreadable(table.file, "\(table.path)has \"\(name)\", expected each module's full name, once")
        }
        guard let scheme = try table.object(name) else { throw table.wrong(name, expected: "bits and group_size") }
        func number(_ key: String) throws(FormatError) -> Int {
            try scheme.required(try scheme.size(key), key, expected: "a number")
        }
        let (bits, groupSize) = (try number("bits"), try number("group_size"))
        guard limits.bits.contains(bits) else { throw scheme.wrong("bits", expected: "2, 3, 4 or 8") }
        guard Self.groupSizes.contains(groupSize) else { throw scheme.wrong("group_size", expected: "32, 64 or 128") }
        layers[module] = MLXLayer(
            module: module, scheme: MLXScheme(bits: bits, groupSize: groupSize), dimension: dimension)
    }
}
