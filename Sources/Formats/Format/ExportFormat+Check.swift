import AdaDimQuantizedMatrices

extension ExportFormat {
    /// Checks, before a run, that the format can hold whatever the layers may become.
    /// - Throws: ``FormatError/cannotHold(module:format:reason:)`` for the first layer that it cannot,
    ///   ``FormatError/disagreement(module:scheme:other:otherScheme:format:)`` for layers of one input that may differ
    ///   where they must not.
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
            let outcomes = layers.flatMap { layer in
                (layer.schemes.isEmpty ? ["plain numbers"] : layer.schemes.map(outcome)).map { (layer.module, $0) }
            }
            guard let first = outcomes.first, layers.count > 1 else { continue }
            if let other = outcomes.first(where: { $0.1 != first.1 }) {
                throw .disagreement(
                    module: other.0, scheme: other.1, other: first.0, otherScheme: first.1, format: name)
            }
        }
    }

    /// A scheme in words, as far as layers of one input must agree in it.
    private func outcome(_ scheme: LayerScheme) -> String {
        guard storage(of: scheme) == .packed else { return "plain numbers" }
        let grid = scheme.isSymmetric ? "symmetric" : "asymmetric"
        return "\(scheme.bits) bits, groups of \(scheme.layout.groupSize) \(scheme.layout.dimension.rawValue), \(grid)"
    }
}
