/// The `quantization_config` of config.json next to model.gguf, for this tool: which layers are in blocks, and how they were
/// quantized. transformers knows no such `quant_method` and says so.
struct GGUFConfiguration: Encodable {
    let quantMethod = "gguf"
    let file = GGUFFormat.fileName
    let groups: [Group]

    /// - Parameter layers: all linear layers, in order; those that are not packed are not named.
    init(_ layers: [ConfiguredLayer]) {
        // One group for every type and group size, in the order in which the model first has them.
        var groups: [Group] = []
        for layer in layers {
            guard let scheme = layer.scheme, let name = layer.names.last else { continue }
            let (type, groupSize) = (GGUFFormat.type(of: scheme).name, scheme.layout.groupSize)
            if let index = groups.firstIndex(where: { $0.type == type && $0.groupSize == groupSize }) {
                groups[index].targets.append(name)
            } else {
                groups.append(Group(type: type, groupSize: groupSize, targets: [name]))
            }
        }
        self.groups = groups
    }

    struct Group: Encodable {
        let type: String
        let groupSize: Int
        var targets: [String]

        enum CodingKeys: String, CodingKey {
            case type, targets
            case groupSize = "group_size"
        }
    }

    enum CodingKeys: String, CodingKey {
        case quantMethod = "quant_method"
        case file, groups
    }
}
