// What becomes of each key of config.json in a model of an architecture.

extension Architecture {
    /// The keys of config.json that are read.
    package var readKeys: Set<String> {
        ConfigurationKeys.read.union(keysOfParts).union([configuration.activationKey])
            .union(configuration.nestedKey.map { [$0] } ?? [])
    }

    /// Keys that, with any value, do not change what a model computes.
    package var harmlessKeys: Set<String> { ConfigurationKeys.harmless.union(configuration.harmless) }

    /// Those by which transformers computes something else, with the values that change nothing. The first one is what
    /// a missing key means.
    package var fixedKeys: [String: [ConfigurationKeys.FixedValue]] {
        let read = readKeys
        return ConfigurationKeys.fixed.merging(configuration.fixed) { $1 }.filter { !read.contains($0.key) }
    }

    /// All that something is known of.
    package var knownKeys: Set<String> { readKeys.union(harmlessKeys).union(fixedKeys.keys) }

    /// The keys that say which parts of the description a model has.
    private var keysOfParts: [String] {
        var keys = biasKeys + (slidingWindow?.keys ?? []) + [logitSoftCapKey, pattern.key].compactMap { $0 }
        keys += blockKinds.compactMap(\.experts).flatMap(\.keys)
        if case .stated(let key) = embeddingScale { keys.append(key) }
        for stage in blockKinds.flatMap(\.stages) {
            guard case .attention(let kind) = stage.operation else { continue }
            keys += [kind.softCapKey].compactMap { $0 }
            if case .stated(let key) = kind.scale { keys.append(key) }
            if case .partialHalves(let key) = kind.rotary { keys.append(key) }
        }
        return keys
    }

    /// The keys that say whether a linear layer has a bias.
    package var biasKeys: [String] {
        blockKinds.flatMap { $0.layers + ($0.experts?.layers ?? []) }.compactMap { layer in
            if case .stated(let key) = layer.bias { key } else { nil }
        }
    }
}
