import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimPipeline
import AdaDimQuantization
import AdaDimRecipe
import AdaDimReports
import AdaDimTestSupport
import Foundation
import Testing

/// Rules for layers, carried out.
@Suite struct RuleTests {
    private let scratch: Scratch
    private let general: QuantizationJob

    init() throws {
        scratch = try Scratch()
        var job = try scratch.job("qwen2", samples: 6)
        // Every layer sees the original inputs, whatever became of those before it.
        job.recipe.propagation = .original
        job.recipe.options.direction = .fixed(.perOutputChannel)
        general = job
    }

    private func recipe(_ text: String) throws -> ModelRecipe {
        let file = scratch.url.appending(path: "recipe.yaml")
        try Data(text.utf8).write(to: file)
        return try RecipeFile(file.path).applied(to: general.recipe)
    }

    private func run(_ recipe: ModelRecipe, _ name: String) throws -> (weights: Checkpoint, QuantizationReport) {
        var job = general
        job.recipe = recipe
        job.output = scratch.url.appending(path: name)
        let report = try QuantizeCheckpoint(job).run()
        return (try Checkpoint(directory: job.output), report)
    }

    /// A layer with a rule becomes what it becomes where its settings are everybody's, damping and order of columns included,
    /// though the layers of its stage share the Gram matrix.
    @Test(arguments: [
        "bits: 8", "damping: 0.5", "activationOrder: true", "{damping: 0.3, activationOrder: true}", "method: rtn",
        "dimension: per-ic", "symmetric: true", "groupSize: channel", "{ranges: search, passes: 2}",
    ])
    func aRuleGivesWhatTheSameSettingsGiveAlone(_ setting: String) throws {
        let settings = setting.hasPrefix("{") ? setting : "{\(setting)}"
        let (ruled, report) = try run(
            recipe("layers: {'*.k_proj': \(settings), '*.1.mlp.up_proj': \(settings)}"), "ruled")
        let plain = try run(general.recipe, "plain").weights
        let everywhere = try run(recipe("layers: {'*': \(settings)}"), "everywhere").weights
        var differences = 0
        for layer in report.layers {
            let isRuled = layer.name.hasSuffix(".k_proj") || layer.name == "model.layers.1.mlp.up_proj"
            let weight = try ruled.matrix(layer.name + ".weight")
            let expected = try (isRuled ? everywhere : plain).matrix(layer.name + ".weight")
            #expect(weight == expected, "\(layer.name)")
            if isRuled, try weight != plain.matrix(layer.name + ".weight") { differences += 1 }
        }
        #expect(differences > 0)
    }

    @Test func reportsHaveWhatEachLayerWasQuantizedWith() throws {
        let recipe = try recipe("bits: 3\nlayers: {down_proj: {bits: 8}, o_proj: {method: rtn}, v_proj: {skip: true}}")
        let report = try run(recipe, "out").1
        for layer in report.layers {
            #expect(layer.bits == (layer.name.hasSuffix("down_proj") ? 8 : 3))
            #expect(layer.method == (layer.name.hasSuffix("o_proj") ? .roundToNearest : .gptq))
        }
        #expect(report.layers.count == 12 && !report.layers.contains { $0.name.hasSuffix("v_proj") })
        #expect(report.options.recipe.rules == recipe.rules)
    }

    /// The recipe in an output, with what was drawn in place of what was left open, gives the same bytes.
    @Test(arguments: Effort.allCases) func theWrittenRecipeRepeatsTheRun(_ effort: Effort) throws {
        var recipe = ModelRecipe(effort)
        recipe.options.grid.groupSize = 8
        recipe.sampling.sequenceLength = 16
        recipe.rules = try self.recipe(
            "layers: {o_proj: {bits: 3, damping: 0.2}, 'model.layers.0.*': {symmetric: true}}"
        ).rules
        _ = try run(recipe, "first")
        let written = scratch.url.appending(path: "first/\(QuantizationReport.recipeName)")
        // Whatever it is read over.
        let again = try RecipeFile(written.path).applied(to: ModelRecipe(.fast))
        #expect(again.sampling.samples != nil)
        _ = try run(again, "second")
        for name in ["model.safetensors", QuantizationReport.recipeName] {
            let (first, second) = (
                try Data(contentsOf: scratch.url.appending(path: "first/\(name)")),
                try Data(contentsOf: scratch.url.appending(path: "second/\(name)"))
            )
            #expect(first == second, "\(name)")
        }
    }
}
