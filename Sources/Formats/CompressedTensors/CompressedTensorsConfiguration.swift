/// The `quantization_config` of config.json, as compressed-tensors' loaders read it.
struct CompressedTensorsConfiguration: Encodable {
    let quantMethod = "compressed-tensors"
    let format = "pack-quantized"
    let quantizationStatus = "compressed"
    let ignore: [String]
    let configGroups: [String: Group]

    /// - Parameter layers: all linear layers, in order; those that are not packed are named as ignored.
    ///   Where the files leave `model.` out, for one, loaders make the decoder a part of another model or do not, and a
    ///   module has either of two names.
    init(_ layers: [ConfiguredLayer]) {
        ignore = layers.filter { $0.scheme == nil }.flatMap(\.names)
        // One group for every (bits, group size, direction), in the order in which the model first has them.
        var groups: [(blocks: PackedBlocks, targets: [String])] = []
        for layer in layers {
            guard let blocks = layer.scheme.map({ PackedBlocks($0) }) else { continue }
            if let index = groups.firstIndex(where: { $0.blocks == blocks }) {
                groups[index].targets += layer.names
            } else {
                groups.append((blocks, layer.names))
            }
        }
        configGroups = Dictionary(
            uniqueKeysWithValues: groups.enumerated().map { ("group_\($0)", Group($1.blocks, $1.targets)) })
    }

    struct Group: Encodable {
        let targets: [String]
        let weights: Weights
        let format = "pack-quantized"

        init(_ blocks: PackedBlocks, _ targets: [String]) {
            self.targets = targets
            weights = Weights(numBits: blocks.bits, blockStructure: [blocks.rows, blocks.columns])
        }

        enum CodingKeys: String, CodingKey {
            case targets, weights, format
            case inputActivations = "input_activations"
            case outputActivations = "output_activations"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(targets, forKey: .targets)
            try container.encode(weights, forKey: .weights)
            try container.encode(format, forKey: .format)
            try container.encodeNil(forKey: .inputActivations)
            try container.encodeNil(forKey: .outputActivations)
        }
    }

    struct Weights: Encodable {
        let numBits: Int
        let type = "int"
        let symmetric = false
        let strategy = "block"
        let blockStructure: [Int]
        let dynamic = false

        enum CodingKeys: String, CodingKey {
            case numBits = "num_bits"
            case type, symmetric, strategy
            case blockStructure = "block_structure"
            case dynamic
        }
    }

    enum CodingKeys: String, CodingKey {
        case quantMethod = "quant_method"
        case format, ignore
        case quantizationStatus = "quantization_status"
        case configGroups = "config_groups"
    }
}
