import AdaDimQuantization
import AdaDimRecipe
import Foundation
import Testing

/// Efforts, and recipes as reports have them.
@Suite struct ModelRecipeTests {
    private func json(_ value: some Encodable) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(value))
        return try #require(object as? [String: Any])
    }

    /// One flat object, by published names.
    @Test func keysOfReports() throws {
        let keys = Set(try json(ModelRecipe()).keys)
        #expect(
            keys.isSuperset(of: [
                "bits", "groupSize", "method", "effort", "ranges", "refine", "passes", "correctInputs",
                "correctResidual", "tokenWeights", "dimension", "select", "propagate", "format", "samples",
                "sequenceLength", "seed", "damping", "symmetric", "activationOrder", "textField", "scaleType",
                "embeddings", "head",
            ]))
        #expect(Set(try json(QuantizationOptions()).keys).isSubset(of: keys))
        var recipe = ModelRecipe()
        recipe.options.grid.groupSize = nil
        #expect(try json(recipe)["groupSize"] is NSNull)
    }

    @Test(arguments: Effort.allCases) func codedAndDecoded(_ effort: Effort) throws {
        var recipe = ModelRecipe(effort)
        recipe.options.direction = .fixed(.perOutputChannel)
        recipe.head = 3
        recipe.rules = [.skipping("*.q_proj", source: "--skip"), .perInputChannel("down_proj", source: "--per-ic")]
        #expect(try JSONDecoder().decode(ModelRecipe.self, from: JSONEncoder().encode(recipe)) == recipe)
        #expect(recipe.skippedGlobs == ["*.q_proj"] && recipe.perInputChannelGlobs == ["down_proj"])
    }

    /// An effort sets what it is about, and nothing else.
    @Test func effortsAreApplied() {
        var recipe = ModelRecipe(.best)
        recipe.options.grid.bits = 2
        recipe.options.refinement.parts = .codes
        recipe.sampling.samples = 3
        recipe.apply(.fast)
        var expected = ModelRecipe(.fast)
        expected.options.grid.bits = 2
        expected.options.refinement.parts = .codes
        expected.sampling.samples = 3
        #expect(recipe == expected)
        #expect(ModelRecipe().effort == .balanced && QuantizationOptions() == .balanced)
        #expect(ModelRecipe(.roundToNearest, .best).effort == nil)
        #expect(ModelRecipe(.gptq, nil) == ModelRecipe(.balanced))
    }

    /// Layers that see the original model's inputs have nothing to compensate for.
    @Test func whatIsCarriedOut() {
        var recipe = ModelRecipe(.best)
        #expect(recipe.carriedOut == recipe && recipe.correction != .none)
        recipe.propagation = .original
        #expect(recipe.carriedOut.correction == .none)
    }
}
