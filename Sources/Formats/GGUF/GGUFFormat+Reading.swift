import AdaDimGGUF
import AdaDimJSON
import AdaDimQuantizedMatrices

// Which layers are in blocks, as this project's config.json says it.

extension GGUFFormat {
    package func mismatch(_ config: JSONKeys<FormatError>) throws(FormatError) -> String? {
        let found = try config.string("file") ?? "missing"
        return found == Self.fileName ? nil : "\(config.path)file is \(found), expected \(Self.fileName)"
    }

    package func layers(
        in config: JSONKeys<FormatError>, of model: JSONKeys<FormatError>, _ moduleName: (String) -> String?
    ) throws(FormatError) -> [String: any PackedLayer] {
        guard case .array(let groups)? = config.value("groups") else {
            throw config.wrong("groups", expected: "a list of groups")
        }
        var layers: [String: any PackedLayer] = [:]
        for index in groups.indices {
            guard let group = try config.element(index, of: "groups") else {
                throw config.wrong("groups", expected: "a list of objects")
            }
            let name = try group.required(try group.string("type"), "type", expected: Self.typeNames)
            let layer = try Self.layer(of: name, group)
            guard let targets = try group.strings("targets") else {
                throw group.wrong("targets", expected: "a list of module names")
            }
            for target in targets {
                guard let module = moduleName(target), layers[module] == nil else {
                    throw unreadable(
                        config.file, "\(group.path)targets has \"\(target)\", expected each module's full name, once")
                }
                layers[module] = layer(module)
            }
        }
        return layers
    }

    /// What makes a layer of its module's name.
    /// - Parameter name: of its type.
    private static func layer(
        of name: String, _ group: JSONKeys<FormatError>
    ) throws(FormatError) -> (String) -> any PackedLayer {
        let size = try group.size("group_size")
        if let type = TwoLevelType(rawValue: name) {
            guard size == type.groupSize else { throw group.wrong("group_size", expected: "\(type.groupSize)") }
            return { GGUFSuperLayer(module: $0, type: type) }
        }
        guard let blocks = FlatBlocks.allCases.first(where: { $0.type.name == name }) else {
            throw group.wrong("type", expected: Self.typeNames)
        }
        guard let size, size > 0, size.isMultiple(of: FlatBlocks.length) else {
            throw group.wrong("group_size", expected: "a multiple of \(FlatBlocks.length)")
        }
        return { GGUFLayer(module: $0, blocks: blocks, groupSize: size) }
    }

    private static let typeNames = (FlatBlocks.allCases.map(\.type.name) + TwoLevelType.allCases.map(\.rawValue))
        .joined(separator: ", ")
}
