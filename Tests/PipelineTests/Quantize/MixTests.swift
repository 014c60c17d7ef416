import AdaDimCheckpoint
import AdaDimExport
import AdaDimFormats
import AdaDimGGUF
import AdaDimPipeline
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRecipe
import AdaDimTestSupport
import Foundation
import Logging
import Testing

/// `--gguf-type`: which grid each layer of a model gets.
@Suite("Mixtures of K-quants") struct MixTests {
    private func recipe(_ mix: GGUFTypeMix) -> ModelRecipe {
        var recipe = ModelRecipe(.fast)
        (recipe.format, recipe.ggufType) = (.gguf, mix)
        return recipe
    }

    private func grids(_ recipe: ModelRecipe) throws -> [String: QuantizationOptions.Grid] {
        let scratch = try Scratch()
        let configuration = try Checkpoint(directory: try wideModel(scratch)).configuration
        let plan = try LayerPlan(recipe, configuration, scaleType: .bfloat16)
        return Dictionary(
            uniqueKeysWithValues: configuration.layers.compactMap { layer in
                plan[layer].map { (layer.moduleName, $0.grid) }
            })
    }

    /// llama's golden model, said to be 256 wide in its hidden states and 96 in its MLP. Nothing reads its weights here.
    private func wideModel(_ scratch: Scratch) throws -> URL {
        let model = try scratch.copyOfModel("llama")
        let file = model.appending(path: "config.json")
        var text = try String(contentsOf: file, encoding: .utf8)
        for (key, value) in [("hidden_size", 256), ("intermediate_size", 96), ("head_dim", 64)] {
            text.replace(try Regex("\"\(key)\": \\d+"), with: "\"\(key)\": \(value)")
        }
        try Data(text.utf8).write(to: file)
        return model
    }

    @Test func layersGetTheirTypes() throws {
        let found = try grids(recipe(.q4KSmall))
        // The first four blocks' values have more bits, as llama.cpp's mixture has it.
        #expect(found["model.layers.0.self_attn.v_proj"]?.twoLevel == .q5K)
        let query = try #require(found["model.layers.0.self_attn.q_proj"])
        #expect(query.twoLevel == .q4K && query.bits == 4 && query.groupSize == 32)
        // 256 does not divide rows of 96.
        let down = try #require(found["model.layers.0.mlp.down_proj"])
        #expect(down.twoLevel == nil && down.bits == 4 && down.groupSize == 32 && !down.isSymmetric)
        #expect(down.scaleType == .shortFloat16)
        let six = try #require(try grids(recipe(.q6K))["model.layers.0.mlp.down_proj"])
        #expect(six.twoLevel == nil && six.bits == 8 && six.isSymmetric && six.scaleType == .float16)
    }

    @Test func rulesOverrideAMixture() throws {
        var recipe = recipe(.q2K)
        recipe.rules = [.skipping("up_proj", source: "--skip")]
        let found = try grids(recipe)
        #expect(found["model.layers.0.mlp.up_proj"] == nil)
        #expect(found["model.layers.0.mlp.gate_proj"]?.twoLevel == .q2K)
    }

    /// Rows that 256 does not divide, named; written, and read again both ways.
    @Test func fallenLayersAreNamed() throws {
        let scratch = try Scratch()
        var job = try scratch.job("llama", samples: 2)
        try Data(SmallTokenizer.json.utf8).write(to: job.model.appending(path: "tokenizer.json"))
        (job.recipe.format, job.recipe.ggufType) = (.gguf, .q2KSmall)
        let notices = Notices()
        let report = try QuantizeCheckpoint(job, log: Logger(label: "test") { _ in notices }).run()
        #expect(
            notices.texts.contains {
                $0.hasPrefix("model.layers.0.self_attn.q_proj and ")
                    && $0.contains(" more: Q4_1 instead of Q2_K, since 256 does not divide rows of ")
            })
        // 32 does not divide rows of 52: plain numbers, of which another notice is.
        #expect(!notices.texts.contains { $0.contains("rows of 52") && $0.contains("instead of") })
        #expect(report.layers.allSatisfy { $0.bits == 4 && $0.groupSize == 32 })
        let file = try GGUFFile(path: job.output.appending(path: "model.gguf").path)
        #expect(file.header["general.file_type"] == .unsigned32(21), "llama.cpp's number of Q2_K_S")
        #expect(try VerifyCheckpoint(job.output).run().isEqual)
    }

    @Test func otherFormatsHaveNoMixtures() {
        var recipe = recipe(.q4K)
        recipe.format = .mlx
        #expect(
            errorText { try recipe.validate(place: "r.yaml") }
                == "r.yaml: ggufType is Q4_K, expected null, since the format is mlx and not gguf")
    }
}
