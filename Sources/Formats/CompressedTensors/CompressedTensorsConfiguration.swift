/// The `quantization_config` of config.json, as compressed-tensors' loaders read it.
struct CompressedTensorsConfiguration: Encodable {
    let quantMethod = "compressed-tensors"
    let format = "pack-quantized"
    let quantizationStatus = "compressed"
    let ignore: [String]
    let configGroups: [String: Group]
    /// Tells transformers to dequantize while it loads; others pass it over. Absent where that is not needed.
    let dequantize: Bool?

    /// - Parameter layers: all linear layers, in order; those that are not packed are named as ignored.
    ///   Where the files leave `model.` out, for one, loaders make the decoder a part of another model or do not, and a
    ///   module has either of two names.
    init(_ layers: [ConfiguredLayer], _ strategy: CompressedTensorsStrategy) {
        ignore = layers.filter { $0.scheme == nil }.flatMap(\.names)
        // One group for every scheme, in the order in which the model first has them.
        var groups: [(scheme: PackedScheme, targets: [String])] = []
        for layer in layers {
            guard let scheme = layer.scheme.map({ PackedScheme($0, strategy) }) else { continue }
            if let index = groups.firstIndex(where: { $0.scheme == scheme }) {
                groups[index].targets += layer.names
            } else {
                groups.append((scheme, layer.names))
            }
        }
        configGroups = Dictionary(
            uniqueKeysWithValues: groups.enumerated().map { ("group_\($0)", Group($1.scheme, $1.targets)) })
        if case .groups(let found) = strategy, found.dequantizes, !groups.isEmpty {
            dequantize = true
        } else {
            dequantize = nil
        }
    }

    struct Group: Encodable {
        let targets: [String]
        let weights: Weights
        let format = "pack-quantized"

        init(_ scheme: PackedScheme, _ targets: [String]) {
            self.targets = targets
            weights = Weights(scheme)
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
        let symmetric: Bool
        let strategy: String
        /// Of strategy `block` alone.
        let blockStructure: [Int]?
        /// Of strategy `group` alone.
        let groupSize: Int?
        let dynamic = false

        init(_ scheme: PackedScheme) {
            (numBits, symmetric) = (scheme.bits, scheme.isSymmetric)
            switch scheme.groups {
            case .block(let rows, let columns): (strategy, blockStructure, groupSize) = ("block", [rows, columns], nil)
            case .group(let size): (strategy, blockStructure, groupSize) = ("group", nil, size)
            case .channel: (strategy, blockStructure, groupSize) = ("channel", nil, nil)
            }
        }

        enum CodingKeys: String, CodingKey {
            case numBits = "num_bits"
            case type, symmetric, strategy
            case blockStructure = "block_structure"
            case groupSize = "group_size"
            case dynamic
        }
    }

    enum CodingKeys: String, CodingKey {
        case quantMethod = "quant_method"
        case format, ignore, dequantize
        case quantizationStatus = "quantization_status"
        case configGroups = "config_groups"
    }
}
