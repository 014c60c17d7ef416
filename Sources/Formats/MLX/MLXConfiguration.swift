import AdaDimQuantizedMatrices
import Foundation

/// What config.json says of the packed layers. mlx-lm quantizes the modules that `quantization` names, each with its own bits and
/// group size; per-IC layers are in a table of their own, which the output's module reads.
struct MLXConfiguration {
    static let perOutputKey = "quantization"
    static let perInputKey = "adadim"
    static let moduleKey = "model_file"

    private let perOutput: [(module: String, scheme: MLXScheme)]
    private let perInput: [(module: String, scheme: MLXScheme)]

    /// - Parameter layers: all layers, in order; those that are not packed are passed over. mlx-lm knows modules by this
    ///   project's names, whatever the files leave out.
    init(_ layers: [ConfiguredLayer]) {
        func modules(_ dimension: ChannelDimension) -> [(module: String, scheme: MLXScheme)] {
            layers.compactMap { layer in
                guard let scheme = layer.scheme, scheme.layout.dimension == dimension, let module = layer.names.last
                else { return nil }
                return (module, MLXScheme(bits: scheme.bits, groupSize: scheme.layout.groupSize))
            }
        }
        perOutput = modules(.perOutputChannel)
        perInput = modules(.perInputChannel)
    }

    var hasModule: Bool { !perInput.isEmpty }

    /// The members of config.json, JSON by its key.
    var members: [(key: String, value: Data)] {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            guard !perOutput.isEmpty || hasModule else { return [] }
            let quantization = Quantization(common: common, layers: perOutput)
            var members = [(Self.perOutputKey, try encoder.encode(quantization))]
            if hasModule {
                let table = Dictionary(uniqueKeysWithValues: perInput.map { ($0.module, $0.scheme) })
                members.append((Self.perInputKey, try encoder.encode(table)))
                members.append((Self.moduleKey, try encoder.encode(MLX.moduleName)))
            }
            return members
        }
    }

    /// What most per-OC layers have; the first of several.
    private var common: MLXScheme {
        let counts = Dictionary(perOutput.map { ($0.scheme, 1) }, uniquingKeysWith: +)
        let most = counts.values.max()
        return perOutput.first { counts[$0.scheme] == most }?.scheme ?? MLXScheme(bits: 4, groupSize: 64)
    }

    private struct Quantization: Encodable {
        let common: MLXScheme
        let layers: [(module: String, scheme: MLXScheme)]

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        func encode(to encoder: any Encoder) throws {
            try common.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode("affine", forKey: Key(stringValue: "mode"))
            for layer in layers { try container.encode(layer.scheme, forKey: Key(stringValue: layer.module)) }
        }
    }
}
