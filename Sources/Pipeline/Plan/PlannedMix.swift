import AdaDimArchitectures
import AdaDimCheckpoint
import AdaDimFormats
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// A mixture of K-quants over the layers of a model.
struct PlannedMix {
    private let mix: GGUFTypeMix
    private let configuration: ModelConfiguration
    private let modules: [String: String]
    /// By their names inside a block.
    private let widths: [String: Int]

    /// - Throws: ``PipelineError/noNamesInGGUF(model:)`` for a model that llama.cpp does not know.
    init(_ mix: GGUFTypeMix, _ configuration: ModelConfiguration) throws(PipelineError) {
        guard let description = configuration.architecture.gguf else {
            throw .noNamesInGGUF(model: configuration.modelType)
        }
        self.mix = mix
        self.configuration = configuration
        modules = description.modules
        let kinds = (0..<configuration.blockCount).map(configuration.kind(ofBlock:))
        widths = Dictionary(
            kinds.flatMap(\.layers).map { ($0.name, configuration.shape(of: $0).width) }, uniquingKeysWith: { $1 })
    }

    /// What a layer has, unless rules say otherwise.
    func grid(of layer: LinearLayer, _ general: QuantizationOptions.Grid) -> QuantizationOptions.Grid {
        var grid = general
        let type = type(of: layer)
        grid.twoLevel = isWhole(layer) ? type : nil
        if !isWhole(layer) {
            (grid.bits, grid.isSymmetric) = GGUFTypeMix.fallback(from: type)
            grid.groupSize = GGUFTypeMix.fallbackGroupSize
        }
        return grid
    }

    /// The layers that have another type because of their sizes, a sentence for each pair of types.
    func notices(of layers: [LinearLayer]) -> [String] {
        let fallen = Dictionary(grouping: layers.filter { !isWhole($0) }, by: type)
        return fallen.sorted { $0.key.bits < $1.key.bits }.compactMap { type, layers in
            guard let first = layers.first else { return nil }
            let other = GGUFTypeMix.fallback(from: type)
            let others = layers.count > 1 ? " and \(layers.count - 1) more" : ""
            return
                "\(first.moduleName)\(others): \(other.bits == 8 ? "Q8_0" : "Q4_1") instead of \(type.rawValue), since "
                + "\(TwoLevelType.superGroupSize) does not divide rows of \(widths[first.name] ?? 0) weights"
        }
    }

    private func type(of layer: LinearLayer) -> TwoLevelType {
        mix.type(
            of: modules[layer.name] ?? layer.name, inBlock: layer.block ?? 0, of: configuration.blockCount,
            queriesPerKey: configuration.attentionHeads / max(configuration.keyValueHeads, 1))
    }

    private func isWhole(_ layer: LinearLayer) -> Bool {
        widths[layer.name].map { $0.isMultiple(of: TwoLevelType.superGroupSize) } ?? false
    }
}
