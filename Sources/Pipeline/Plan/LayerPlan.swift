import AdaDimCheckpoint
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRecipe
import Glibc

/// What becomes of each linear layer: what it is quantized with, or nothing for one that is skipped.
package struct LayerPlan: Sendable {
    /// What the scales of all layers are stored in.
    let scaleType: ScaleType
    private let settings: [LinearLayer: QuantizationOptions]
    /// The layers of each block that are to be quantized, in the order of computation.
    private let blocks: [[LinearLayer]]

    /// Number of layers to be quantized.
    var count: Int { settings.count }

    /// The last block with a layer to be quantized, and the place of the last such stage of it: nothing after them need be
    /// computed.
    let last: (block: Int, stage: Int)

    /// Whether nothing that is to be quantized comes after this stage.
    func isLast(stage: Int, ofBlock block: Int) -> Bool { (block, stage) >= last }

    /// What layers of that name inside their blocks are quantized with, in whatever block: none, or one or more settings.
    func settings(ofLayersNamed name: String) -> Set<QuantizationOptions> {
        Set(settings.lazy.filter { $0.key.name == name }.map(\.value))
    }

    /// The number of different factors that layers of these names need in one block, of the block with most.
    func mostFactors(ofLayersNamed names: Set<String>) -> Int {
        blocks.map { block in
            Set(block.lazy.filter { names.contains($0.name) }.compactMap { settings[$0]?.factor }).count
        }.max() ?? 0
    }

    /// The layers of a stage that are to be quantized.
    func layers(ofStage stage: Int, inBlock block: Int) -> [LinearLayer] { blocks[block].filter { $0.stage == stage } }

    /// What a layer is quantized with; nil for one that stays as it is.
    subscript(layer: LinearLayer) -> QuantizationOptions? { settings[layer] }

    /// - Parameter scaleType: the type that the model's weights are loaded in.
    /// - Throws: ``PipelineError/globMatchesNothing(option:glob:example:)``, ``PipelineError/nothingToQuantize(skippedBy:)``,
    ///   ``PipelineError/scaleType(place:found:expected:)``, ``RecipeError``.
    package init(_ recipe: ModelRecipe, _ configuration: ModelConfiguration, scaleType: ScaleType) throws {
        let layers = configuration.layers
        try Self.checkMatches(recipe.rules, layers)
        if let stated = recipe.statedScaleType, stated != scaleType {
            throw PipelineError.scaleType(place: "the recipe", found: stated, expected: scaleType)
        }
        var general = recipe.options
        general.grid.scaleType = scaleType
        // Layers that the same rules match have the same settings.
        var found: [[Int]: QuantizationOptions?] = [:]
        var settings: [LinearLayer: QuantizationOptions] = [:]
        for layer in layers {
            let matching = recipe.rules.indices.filter { Self.matches(recipe.rules[$0].glob, layer) }
            if found[matching] == nil {
                let decided = try Self.settings(general, matching.map { recipe.rules[$0] })?.restricted(
                    to: recipe.format)
                if let found = decided?.grid.scaleType, found != scaleType {
                    throw PipelineError.scaleType(place: layer.moduleName, found: found, expected: scaleType)
                }
                found[matching] = decided
            }
            settings[layer] = found[matching] ?? nil
        }
        let chosen = layers.filter { settings[$0] != nil }
        guard let last = chosen.last else {
            throw PipelineError.nothingToQuantize(
                skippedBy: recipe.rules.filter { $0.skips == true }.map { "\($0.source) \($0.glob)" })
        }
        self.last = (last.block, last.stage)
        self.settings = settings
        self.scaleType = scaleType
        let ofBlock = Dictionary(grouping: chosen, by: \.block)
        blocks = (0..<configuration.blockCount).map { ofBlock[$0] ?? [] }
    }

    /// The settings of a layer that some rules match; nil if it is skipped.
    private static func settings(
        _ general: QuantizationOptions, _ rules: [LayerRule]
    ) throws(RecipeError) -> QuantizationOptions? {
        var (options, isSkipped) = (general, false)
        for rule in rules {
            isSkipped = rule.skips ?? isSkipped
            options = try rule.applied(to: options)
        }
        return isSkipped ? nil : options
    }

    /// Every glob must match a layer.
    private static func checkMatches(_ rules: [LayerRule], _ layers: [LinearLayer]) throws(PipelineError) {
        for rule in rules where !layers.contains(where: { matches(rule.glob, $0) }) {
            throw .globMatchesNothing(
                option: rule.source, glob: rule.glob, example: layers.first?.moduleName ?? "")
        }
    }

    /// Whether a glob matches a layer's full name or its last part.
    private static func matches(_ glob: String, _ layer: LinearLayer) -> Bool {
        fnmatch(glob, layer.moduleName, 0) == 0 || fnmatch(glob, layer.role, 0) == 0
    }
}
