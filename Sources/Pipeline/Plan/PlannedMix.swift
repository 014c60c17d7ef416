import AdaDimArchitectures
import AdaDimCheckpoint
import AdaDimFiles
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

    /// The layers that have another type because of their sizes, a sentence for each pair of types. Layers that rules give other
    /// grids are none of them, nor are those that stay plain numbers because 32 does not divide their rows either.
    /// - Parameter layers: those that are quantized, with what their settings came to.
    func notices(of layers: [(layer: LinearLayer, grid: QuantizationOptions.Grid)]) -> [String] {
        let fallen = layers.filter { layer, grid in
            let other = GGUFTypeMix.fallback(from: type(of: layer))
            return !isWhole(layer) && width(layer).isMultiple(of: GGUFTypeMix.fallbackGroupSize)
                && grid.twoLevel == nil && (grid.bits, grid.isSymmetric) == other
        }
        return Dictionary(grouping: fallen) { type(of: $0.layer) }.sorted { $0.key.bits < $1.key.bits }.compactMap {
            type, layers in
            guard let first = layers.first?.layer else { return nil }
            let other = GGUFTypeMix.fallback(from: type).bits == 8 ? "Q8_0" : "Q4_1"
            return "\(shortList(layers.map(\.layer.moduleName))): \(other) instead of \(type.rawValue), since "
                + "\(TwoLevelType.superGroupSize) does not divide rows of \(width(first)) weights"
        }
    }

    private func width(_ layer: LinearLayer) -> Int { widths[layer.name] ?? 0 }

    private func type(of layer: LinearLayer) -> TwoLevelType {
        mix.type(
            of: modules[layer.name] ?? layer.name, inBlock: layer.block ?? 0, of: configuration.blockCount,
            queriesPerKey: configuration.attentionHeads / max(configuration.keyValueHeads, 1))
    }

    private func isWhole(_ layer: LinearLayer) -> Bool {
        width(layer) > 0 && width(layer).isMultiple(of: TwoLevelType.superGroupSize)
    }
}
