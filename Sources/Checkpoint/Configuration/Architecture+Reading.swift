import AdaDimArchitectures

// What a description can say and config.json is not read for yet. The decoder has a list of its own: StageOperation.

extension Architecture {
    /// - Parameters:
    ///   - modelType: as the file calls the architecture.
    ///   - file: config.json.
    /// - Throws: ``CheckpointError/notComputed(file:modelType:part:)``, where a number that the description names is not
    ///   read.
    func checkReadable(_ modelType: String, _ file: String) throws(CheckpointError) {
        if let part = unreadParts.first { throw .notComputed(file: file, modelType: modelType, part: part) }
    }

    private var unreadParts: [String] {
        var parts: [String] = []
        if let key = configuration.nestedKey { parts.append("a configuration inside \(key)") }
        for kind in blockKinds {
            if let experts = kind.experts {
                let stages = experts.stages.joined(separator: ", ")
                parts.append("experts chosen by a router (stages \(stages))")
            }
            // Without a router, too, nothing states these numbers.
            for layer in kind.layers where layer.input.isOfExperts || layer.outputs.contains(where: \.isOfExperts) {
                parts.append("a layer \(layer.name) of experts")
            }
            for norm in kind.norms where norm.width.isOfExperts { parts.append("a norm \(norm.name) of experts") }
        }
        if activationNames == [] { parts.append("gates with activations that have no name in common") }
        return parts
    }

    /// The names that config.json may have for the activation of all gates, which it states once; nil where there are no
    /// gates.
    var activationNames: [String]? {
        let namesOfGates = blockKinds.flatMap(\.stages).compactMap { stage in
            if case .gate(let activation) = stage.operation { activation.names } else { nil }
        }
        return namesOfGates.first?.filter { name in namesOfGates.allSatisfy { $0.contains(name) } }
    }
}
