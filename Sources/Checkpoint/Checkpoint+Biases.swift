import AdaDimArchitectures

extension Checkpoint {
    /// Whether a linear layer adds a bias that is stored.
    package func storesBias(_ module: LinearModule) -> Bool {
        configuration.hasBias(module) && !layersWithoutBias.contains(module.name)
    }

    /// The linear layers, by their names inside a block, whose bias config.json states and no block stores. transformers
    /// makes such biases zero. One that only some blocks store is a tensor that is missing.
    static func layersWithoutBias(
        _ configuration: ModelConfiguration, isStored: (_ tensor: String) -> Bool
    ) -> [String] {
        let stated = (0..<configuration.blockCount).flatMap { block in
            configuration.kind(ofBlock: block).layers.filter(configuration.hasBias).map { module in
                (
                    name: module.name,
                    tensor: configuration.architecture.names.module(module.name, ofBlock: block) + ".bias"
                )
            }
        }
        let stored = Set(stated.filter { isStored($0.tensor) }.map(\.name))
        var seen = stored
        return stated.map(\.name).filter { seen.insert($0).inserted }
    }

    /// The notice that missing biases are zero.
    func noticeOfBiases() -> String? {
        guard !layersWithoutBias.isEmpty else { return nil }
        let names = layersWithoutBias.map { "\($0).bias" }.joined(separator: ", ")
        return "\(directory.path): no block stores \(names): taken to be zero, as transformers does"
    }
}
