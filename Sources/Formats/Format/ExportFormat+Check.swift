import AdaDimQuantizedMatrices

extension ExportFormat {
    /// Checks, before a run, that the format can hold whatever the layers may become.
    /// - Throws: ``FormatError/cannotHold(module:format:reason:)`` for the first layer that it cannot,
    ///   ``FormatError/disagreement(module:scheme:other:otherScheme:format:)`` for layers of one input that differ where
    ///   they must not, ``FormatError/openDirection(module:directions:format:)`` for one of them that may still differ.
    package func check(_ layers: [PlannedLayer]) throws(FormatError) {
        for layer in layers {
            for scheme in layer.schemes {
                if case .refused(let reason) = storage(of: scheme) {
                    throw .cannotHold(module: layer.module, format: name, reason: reason)
                }
            }
        }
        guard packing?.limits.agreement == .layersOfOneInput else { return }
        for (_, layers) in Dictionary(grouping: layers, by: \.input).sorted(by: { $0.key < $1.key }) {
            guard let first = layers.first, layers.count > 1 else { continue }
            let expected = try outcome(first)
            for layer in layers.dropFirst() {
                let found = try outcome(layer)
                guard found == expected else {
                    throw .disagreement(
                        module: layer.module, scheme: found, other: first.module, otherScheme: expected, format: name)
                }
            }
        }
    }

    /// What a layer becomes, in words, as far as layers of one input must agree in it.
    private func outcome(_ layer: PlannedLayer) throws(FormatError) -> String {
        let outcomes = layer.schemes.map(words)
        guard Set(outcomes).count <= 1 else {
            throw .openDirection(
                module: layer.module, directions: layer.schemes.map(\.layout.dimension.rawValue), format: name)
        }
        return outcomes.first ?? "plain numbers"
    }

    private func words(_ scheme: LayerScheme) -> String {
        guard storage(of: scheme) == .packed else { return "plain numbers" }
        let grid = scheme.isSymmetric ? "symmetric" : "asymmetric"
        return "\(scheme.bits) bits, groups of \(scheme.layout.groupSize) \(scheme.layout.dimension.rawValue), \(grid)"
    }
}
