import AdaDimFiles
import AdaDimQuantizedMatrices

extension ExportFormat {
    /// Checks, before a run, that the format can hold whatever the layers may become.
    /// - Throws: ``FormatError/cannotHold(module:format:reason:)`` for the first layer that it cannot,
    ///   ``FormatError/disagreement(module:scheme:other:otherScheme:format:)`` for layers of one input that differ where
    ///   they must not, ``FormatError/openDirection(module:directions:format:)`` for one of them that may still differ.
    package func check(_ layers: [PlannedLayer]) throws(FormatError) {
        try packing?.limits.check(layers, of: name)
    }

    /// Why a packed layer of a scheme becomes plain numbers in it; nil where it is packed, or where no layer is.
    package func reasonForPlainNumbers(_ scheme: LayerScheme, at place: LayerPlace) -> String? {
        if let reason = packing?.limits.refusal(at: place) { return "it is \(reason)" }
        return switch storage(of: scheme) {
        case .packed: nil
        case .dense(let reason): reason
        case .refused(let reason): "it has \(reason)"
        }
    }

    /// What is to be said before a run of layers that will be plain numbers whatever the run decides, a sentence for each reason.
    package func noticesOfDenseLayers(among layers: [PlannedLayer]) -> [String] {
        var (reasons, modules) = ([String](), [String: [String]]())
        for layer in layers {
            let outcomes = layer.schemes.map { storage(of: $0).denseBecause }
            guard let reason = outcomes.first ?? nil, outcomes.allSatisfy({ $0 != nil }) else { continue }
            if modules[reason] == nil { reasons.append(reason) }
            modules[reason, default: []].append(layer.module)
        }
        return reasons.map { reason in
            "\(shortList(modules[reason] ?? [])): to be written dense, since \(reason)"
        }
    }
}

extension SchemeLimits {
    /// The same for limits of whatever: a format, or a runtime.
    /// - Parameter name: whose limits these are, for errors.
    package func check(_ layers: [PlannedLayer], of name: String) throws(FormatError) {
        for layer in layers {
            if !layer.schemes.isEmpty, let reason = refusal(at: layer.place) {
                throw .cannotHold(module: layer.module, format: name, reason: reason)
            }
            for scheme in layer.schemes {
                if case .refused(let reason) = storage(of: scheme) {
                    throw .cannotHold(module: layer.module, format: name, reason: reason)
                }
            }
        }
        guard agreement == .layersOfOneInput else { return }
        for (_, layers) in Dictionary(grouping: layers, by: \.input).sorted(by: { $0.key < $1.key }) {
            guard let first = layers.first, layers.count > 1 else { continue }
            let expected = try outcome(first, of: name)
            for layer in layers.dropFirst() {
                let found = try outcome(layer, of: name)
                guard found == expected else {
                    throw .disagreement(
                        module: layer.module, scheme: found, other: first.module, otherScheme: expected, format: name)
                }
            }
        }
    }

    /// What a layer becomes, in words, as far as layers of one input must agree in it.
    private func outcome(_ layer: PlannedLayer, of name: String) throws(FormatError) -> String {
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
