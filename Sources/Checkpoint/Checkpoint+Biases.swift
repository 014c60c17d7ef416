extension Checkpoint {
    /// The linear layers whose bias config.json asks for and no block stores. transformers makes such biases zero. One
    /// that only some blocks store is a tensor that is missing.
    package var rolesWithoutBias: [LinearRole] {
        LinearRole.allCases.filter { role in
            configuration.hasBias(role)
                && !(0..<configuration.blockCount).contains { contains(LinearLayer(block: $0, role: role).biasName) }
        }
    }

    /// Whether a block's linear layer adds a bias that is stored.
    package func storesBias(_ layer: LinearLayer) -> Bool {
        configuration.hasBias(layer.role) && !rolesWithoutBias.contains(layer.role)
    }

    /// What is said where biases are taken to be zero.
    func noticeOfBiases() -> String? {
        let roles = rolesWithoutBias
        guard !roles.isEmpty else { return nil }
        let names = roles.map { "\($0.parent).\($0.rawValue).bias" }.joined(separator: ", ")
        return "\(directory.path): no block stores \(names): taken to be zero, as transformers does"
    }
}
