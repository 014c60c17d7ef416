import AdaDimCheckpoint
import AdaDimFiles
import AdaDimFormats
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRecipe

/// Makes a recipe obey a runtime, before a run: what the user has left open is changed and noted, what is stated against it is
/// refused by name.
struct RuntimeFitting {
    private(set) var recipe: ModelRecipe
    /// What was changed, in words.
    private(set) var changes: [String] = []
    private let runtime: Runtime
    private let stated: StatedSettings
    private let checkpoint: Checkpoint
    private var limits: SchemeLimits { runtime.limits }
    private var demands: [Demand] { Demand.all(of: limits) }

    init(_ recipe: ModelRecipe, _ runtime: Runtime, _ stated: StatedSettings, _ checkpoint: Checkpoint) {
        (self.recipe, self.runtime, self.stated, self.checkpoint) = (recipe, runtime, stated, checkpoint)
    }

    /// Fits what is the same for all layers: format, bits, direction, grid.
    mutating func fitSettings() throws(PipelineError) {
        if recipe.format != runtime.format {
            try refuse("format", found: recipe.format.name, expected: runtime.format.name)
            changes.append("written as \(runtime.format.name)")
        }
        // The runtime's own, which may be written where the format's common form would not open elsewhere.
        recipe.format = runtime.format
        for demand in demands where !demand.isMet(recipe.options) {
            try refuse(demand.setting, found: demand.found(recipe.options), expected: demand.expected)
            guard let fit = demand.fit else { continue }
            fit(&recipe.options)
            changes.append(demand.change)
        }
    }

    /// Refuses rules for layers that state what the runtime cannot serve.
    func fitRules() throws {
        for rule in recipe.rules where rule.skips != true {
            let options = try rule.applied(to: recipe.options)
            for demand in demands where rule.changes[demand.setting] != nil && !demand.isMet(options) {
                throw PipelineError.demand(
                    runtime: runtime, place: "\(rule.source) \(rule.glob): \(demand.setting)",
                    found: demand.found(options), expected: demand.expected)
            }
        }
    }

    /// Leaves layers as they are whose sizes the runtime cannot serve, and those that it would have alike with them.
    mutating func leaveOut() throws {
        let layers = try quantizedLayers()
        let unfit = layers.filter { !limits.hasSizes(of: $0.layout) }
        guard let first = unfit.first else { return }
        var left = layers.filter { layer in
            limits.agreement == .layersOfOneInput
                ? unfit.contains { $0.input == layer.input } : !limits.hasSizes(of: layer.layout)
        }
        if left.count == layers.count {
            throw PipelineError.nothingPacked(
                runtime: runtime,
                reason: "layer \(first.layer.moduleName) is \(first.layout.rows) × \(first.layout.columns), and all "
                    + "others are unfit likewise; \(runtime.title) demands multiples of \(limits.sizeUnit)")
        }
        left.sort { $0.layer.moduleName < $1.layer.moduleName }
        recipe.rules += left.map { .skipping($0.layer.moduleName, source: "--for \(runtime.name)") }
        changes.append(
            "\(left.count) layers stay as they are, since \(runtime.title) demands sizes in multiples of "
                + "\(limits.sizeUnit), alike in layers of one input: \(shortList(left.map(\.layer.moduleName), most: 3))"
        )
    }

    /// Chooses the group size where it is open and the default leaves layers dense.
    mutating func fitGroupSize() throws {
        let layouts = try quantizedLayers().map(\.layout)
        guard stated["groupSize"] == nil, let size = recipe.options.grid.groupSize, layouts.contains(where: \.hasTail),
            let better = runtime.groupSizes.first(where: { size in
                layouts.allSatisfy { $0.columns.isMultiple(of: size) }
            })
        else { return }
        recipe.options.grid.groupSize = better
        changes.append("groups of \(better) weights, which divide the inputs of every layer; \(size) do not")
    }

    /// Checks what comes out, layer by layer.
    mutating func checkPlan() throws {
        let plan = try LayerPlan(recipe, checkpoint.configuration, scaleType: checkpoint.scaleType)
        let layers = try plan.layers(of: checkpoint)
        do throws(FormatError) {
            try limits.check(layers, of: runtime.title)
        } catch {
            throw PipelineError.differing(runtime: runtime, error, rules: rules(behind: error))
        }
        let dense = layers.compactMap { layer in
            layer.schemes.compactMap { limits.storage(of: $0).denseBecause }.first.map { (layer.module, $0) }
        }
        if let (module, reason) = dense.first {
            guard dense.count < layers.count(where: { !$0.schemes.isEmpty }) else {
                throw PipelineError.nothingPacked(runtime: runtime, reason: "layer \(module): \(reason)")
            }
            changes.append("\(dense.count) layers are written as plain numbers: \(module): \(reason)")
        }
    }

    /// The rules that match a layer which an error names.
    private func rules(behind error: FormatError) -> [String] {
        guard case .disagreement(let module, _, let other, _, _) = error else { return [] }
        let layers = checkpoint.configuration.layers.filter { [module, other].contains($0.moduleName) }
        return recipe.rules.filter { rule in layers.contains { LayerPlan.matches(rule.glob, $0) } }
            .map { "\($0.source) \($0.glob)" }
    }

    private func refuse(_ setting: String, found: String, expected: String) throws(PipelineError) {
        guard let place = stated[setting] else { return }
        throw .demand(runtime: runtime, place: place, found: found, expected: expected)
    }

    private struct PlacedLayer {
        let layer: LinearLayer
        let layout: GroupLayout
        let input: String
    }

    /// The layers that would be quantized.
    private func quantizedLayers() throws -> [PlacedLayer] {
        let plan = try LayerPlan(recipe, checkpoint.configuration, scaleType: checkpoint.scaleType)
        return try zip(checkpoint.configuration.layers, plan.layers(of: checkpoint)).compactMap { layer, planned in
            planned.schemes.first.map { PlacedLayer(layer: layer, layout: $0.layout, input: planned.input) }
        }
    }
}
