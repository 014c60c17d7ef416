import AdaDimCheckpoint
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRecipe
import Glibc

/// What becomes of each linear layer: what it is quantized with, or nothing for one that is skipped.
package struct LayerPlan: Sendable {
    /// What scales are stored in, of all layers that no rule gives another grid.
    let scaleType: ScaleType
    private let settings: [LinearLayer: QuantizationOptions]
    /// The layers of each block that are to be quantized, in the order of computation.
    private let blocks: [[LinearLayer]]

    /// The layers of no block that are to be quantized: embeddings first.
    let tables: [LinearLayer]

    /// What a user should know before the run, a sentence each.
    let notices: [String]

    /// Number of layers to be quantized.
    var count: Int { settings.count }

    /// The table of embeddings, if it is to be quantized.
    var embedding: LinearLayer? { tables.first { $0.place.embeds } }

    /// The output projection, if it is to be quantized and is no table of embeddings.
    var head: LinearLayer? { tables.first { $0.place == .head } }

    /// The last block with a layer to be quantized, and the place of the last such stage of it; nil where no block has one.
    private let last: (block: Int, stage: Int)?

    /// How many blocks are computed.
    let blocksComputed: Int

    /// The same with those that samples pass only on the way to a tied table's inputs.
    func blocksEntered(of count: Int) -> Int { embedding?.place == .embeddingAndHead ? count : blocksComputed }

    /// Whether nothing that is to be quantized comes after this stage.
    func isLast(stage: Int, ofBlock block: Int) -> Bool {
        guard head == nil, let last else { return false }
        return (block, stage) >= last
    }

    /// How many stages are entered of a block with so many, of the last one that is computed.
    func stagesEntered(of count: Int) -> Int { head == nil ? min((last?.stage ?? 0) + 1, count) : count }

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
    package subscript(layer: LinearLayer) -> QuantizationOptions? { settings[layer] }

    /// - Parameter scaleType: the type that the model's weights are loaded in.
    /// - Throws: ``PipelineError/globMatchesNothing(option:glob:example:)``, ``PipelineError/nothingToQuantize(skippedBy:)``,
    ///   ``PipelineError/scaleType(place:found:expected:format:)``, ``PipelineError/tiedTable(module:embeddings:head:)``,
    ///   ``PipelineError/tableDirection(module:found:)``, ``RecipeError``.
    package init(_ recipe: ModelRecipe, _ configuration: ModelConfiguration, scaleType modelType: ScaleType) throws {
        let layers = configuration.layers
        let tables = try recipe.tables(of: configuration)
        try Self.checkMatches(recipe.rules, layers + tables.map { $0.layer })
        // Formats of their own may have other types than the model's, by the grid.
        func scaleType(_ grid: QuantizationOptions.Grid) -> ScaleType {
            recipe.format.packing?.scaleType(isSymmetric: grid.isSymmetric, loaded: modelType) ?? modelType
        }
        let deciding = scaleType(recipe.options.grid) == modelType ? nil : recipe.format.name
        var general = recipe.options
        general.grid.scaleType = scaleType(general.grid)
        if let stated = recipe.statedScaleType, stated != general.grid.scaleType {
            throw PipelineError.scaleType(
                place: "the recipe", found: stated, expected: general.grid.scaleType, format: deciding)
        }
        // One that no rule states follows the grid.
        func scaleType(decided grid: QuantizationOptions.Grid, of layer: LinearLayer) throws(PipelineError) -> ScaleType
        {
            let expected = scaleType(grid)
            guard [expected, general.grid.scaleType].contains(grid.scaleType) else {
                throw .scaleType(
                    place: layer.moduleName, found: grid.scaleType, expected: expected, format: deciding)
            }
            return expected
        }
        let mix = try recipe.ggufType.map { try PlannedMix($0, configuration) }
        // Layers of one grid that the same rules match have the same settings.
        var found: [GridAndRules: QuantizationOptions?] = [:]
        var settings: [LinearLayer: QuantizationOptions] = [:]
        for layer in layers {
            let rules = recipe.rules.indices.filter { Self.matches(recipe.rules[$0].glob, layer) }
            let matching = GridAndRules(grid: mix?.grid(of: layer, general.grid) ?? general.grid, rules: rules)
            if found[matching] == nil {
                var options = general
                options.grid = matching.grid
                var decided = try Self.settings(options, rules.map { recipe.rules[$0] })?.restricted(to: recipe.format)
                if let grid = decided?.grid {
                    decided?.grid.scaleType = try scaleType(decided: grid, of: layer)
                }
                found[matching] = decided
            }
            settings[layer] = found[matching] ?? nil
        }
        for (table, own) in tables {
            let rules = recipe.rules.filter { Self.matches($0.glob, table) }
            guard var decided = try Self.settings(own(general), rules) else { continue }
            decided = try recipe.checked(decided, of: table)
            decided.grid.scaleType = try scaleType(decided: decided.grid, of: table)
            settings[table] = decided
        }
        notices = mix?.notices(of: layers.compactMap { layer in settings[layer].map { (layer, $0.grid) } }) ?? []
        self.tables = tables.map { $0.layer }.filter { settings[$0] != nil }
        let chosen = layers.filter { settings[$0] != nil }
        guard !settings.isEmpty else {
            throw PipelineError.nothingToQuantize(
                skippedBy: recipe.rules.filter { $0.skips == true }.map { "\($0.source) \($0.glob)" })
        }
        var last: (block: Int, stage: Int)?
        if let layer = chosen.last, let block = layer.block, let stage = layer.stage { last = (block, stage) }
        self.last = last
        let hasHead = tables.contains { $0.layer.place == .head && settings[$0.layer] != nil }
        blocksComputed = hasHead ? configuration.blockCount : last.map { $0.block + 1 } ?? 0
        self.settings = settings
        self.scaleType = general.grid.scaleType
        let ofBlock = Dictionary(grouping: chosen) { $0.block ?? -1 }
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
    static func matches(_ glob: String, _ layer: LinearLayer) -> Bool {
        fnmatch(glob, layer.moduleName, 0) == 0 || fnmatch(glob, layer.role, 0) == 0
    }
}

/// What decides a layer's settings.
private struct GridAndRules: Hashable {
    let grid: QuantizationOptions.Grid
    /// Their places among the recipe's.
    let rules: [Int]
}
