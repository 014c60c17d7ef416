import AdaDimArchitectures

// What a description can say and config.json is not read for yet. The decoder has a list of its own: ComputedStage.

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
        if case .listed(let key, _) = pattern { parts.append("kinds of blocks listed by \(key)") }
        for stage in blockKinds.flatMap(\.stages) where stage.experts != nil {
            parts.append("experts chosen by a router (stage \(stage.name))")
        }
        return parts
    }

    /// The names that config.json may have for the activation of all gates.
    var activationNames: [String] {
        let kinds = blockKinds.flatMap(\.stages).compactMap { stage in
            if case .gate(let activation) = stage.operation { activation } else { nil }
        }
        return kinds.first?.names ?? []
    }
}
