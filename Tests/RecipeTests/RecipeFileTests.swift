import AdaDimCorrection
import AdaDimQuantization
import AdaDimRecipe
import AdaDimTestSupport
import Foundation
import Testing

/// Recipes in files: what is read, what is refused, what is written.
@Suite struct RecipeFileTests {
    private func read(
        _ text: String, name: String = "recipe.yaml", over recipe: ModelRecipe? = nil
    ) throws -> ModelRecipe {
        let temporary = try TemporaryDirectory()
        defer { temporary.remove() }
        try Data(text.utf8).write(to: temporary.url.appending(path: name))
        let file = try RecipeFile(temporary.path(name))
        return try recipe.map { try file.applied(to: $0) } ?? file.recipe
    }

    private func refusal(_ text: String, name: String = "recipe.yaml") -> String {
        do {
            return "\(try read(text, name: name))"
        } catch {
            let words = "\(error)".split(separator: "/").last.map(String.init) ?? ""
            return words
        }
    }

    private func options(_ recipe: ModelRecipe, _ rules: [Int]) throws -> QuantizationOptions {
        try rules.reduce(recipe.options) { try recipe.rules[$1].applied(to: $0) }
    }

    @Test func settingsByTheirNames() throws {
        let recipe = try read(
            """
            # What differs from the defaults.
            bits: 3
            groupSize: 64
            symmetric: true
            damping: 0.05
            activationOrder: false
            dimension: per-ic
            passes: 2
            refine: codes
            correctInputs: 0.25
            tokenWeights: equal
            propagate: original
            samples: 7
            seed: 18446744073709551615
            textField: body
            format: compressed-tensors
            embeddings: 8
            head: 4
            """)
        #expect(recipe.options.grid.bits == 3 && recipe.options.grid.groupSize == 64)
        #expect(recipe.options.grid.isSymmetric && recipe.options.grid.ranges == .search)
        #expect(recipe.options.factor.damping == 0.05 && !recipe.options.factor.activationOrder)
        #expect(recipe.options.direction == .fixed(.perInputChannel))
        #expect(recipe.options.refinement == Refinement(parts: .codes, passes: 2))
        #expect(recipe.correction == OutputCorrection(inputs: 0.25, residual: 0))
        #expect(recipe.tokenWeights == .equal && recipe.propagation == .original)
        #expect(recipe.sampling.samples == 7 && recipe.sampling.seed == .max && recipe.sampling.textField == "body")
        #expect(recipe.format == .compressedTensors)
        #expect(recipe.embeddings == 8 && recipe.head == 4)
        #expect(try read("head: null").head == nil)
    }

    @Test(arguments: ["groupSize: channel", "groupSize: null", "groupSize: ~"])
    func aWholeChannel(_ text: String) throws { #expect(try read(text).options.grid.groupSize == nil) }

    @Test(arguments: ["", "# nothing\n"]) func anEmptyFileChangesNothing(_ text: String) throws {
        #expect(try read(text) == ModelRecipe())
    }

    /// JSON is read strictly; what follows in a file is the same.
    @Test func json() throws {
        let text = #"{"bits": 3, "layers": {"*.down_proj": {"bits": 4}, "model.layers.0.*": {"skip": true}}}"#
        let recipe = try read(text, name: "recipe.json")
        #expect(recipe == (try read("{bits: 3, layers: {'*.down_proj': {bits: 4}, 'model.layers.0.*': {skip: true}}}")))
        #expect(recipe.rules.map(\.glob) == ["*.down_proj", "model.layers.0.*"])
    }

    /// Rules come in the file's order, and later ones override.
    @Test func rulesInOrder() throws {
        let recipe = try read(
            """
            bits: 3
            layers:
              z: {bits: 8, damping: 0.5, skip: true}
              a: {bits: 4, dimension: per-oc, method: rtn, symmetric: true, groupSize: 32}
              m: {skip: false}
            """)
        #expect(recipe.rules.map(\.glob) == ["z", "a", "m"])
        #expect(recipe.rules.map(\.skips) == [true, nil, false])
        let changed = try options(recipe, [0, 1, 2])
        #expect(changed.grid.bits == 4 && changed.factor.damping == 0.5 && changed.method == .roundToNearest)
        #expect(changed.grid.isSymmetric && changed.grid.groupSize == 32)
        #expect(changed.direction == .fixed(.perOutputChannel))
        #expect(try options(recipe, [1, 0]).grid.bits == 8)
    }

    @Test(arguments: [
        ("bit: 3", "recipe.yaml: there is no setting bit, expected one of activationOrder, bits, "),
        ("bits: three", #"recipe.yaml: bits is "three", expected a whole number"#),
        ("bits: 3.5", "recipe.yaml: bits is 3.5, expected a whole number"),
        ("{damping: 0.5, passes: 1e30}", "recipe.yaml: passes is 1e+30, expected a whole number"),
        ("seed: -1", "recipe.yaml: seed is -1, expected "),
        ("bits: 5", "recipe.yaml: bits is 5, expected 2, 3, 4 or 8"),
        ("embeddings: 5", "recipe.yaml: embeddings is 5, expected 2, 3, 4 or 8"),
        ("head: many", #"recipe.yaml: head is "many", expected a whole number"#),
        ("samples: -1", "recipe.yaml: samples is -1, expected at least 1"),
        ("sequenceLength: 0", "recipe.yaml: sequenceLength is 0, expected at least 1"),
        (
            "{samples: 100000, sequenceLength: 100000}",
            "recipe.yaml: samples is 100000 of 100000 tokens, expected at most 2147483648 tokens in all"
        ),
        ("correctInputs: 3", "recipe.yaml: correctInputs is 3.0, expected a share, 0 to 1"),
        ("correctResidual: -0.5", "recipe.yaml: correctResidual is -0.5, expected a share, 0 to 1"),
        ("textField: ''", #"recipe.yaml: textField is "", expected a field's name, or null"#),
        ("damping: .nan", "recipe.yaml: damping is nan, expected a finite number"),
        ("layers: {q_proj: {damping: .inf}}", "recipe.yaml: layers q_proj: damping is inf, expected a finite number"),
        ("layers: {q_proj: {bits: 17}}", "recipe.yaml: layers q_proj: bits is 17, expected 2, 3, 4 or 8"),
        (
            "layrs: 3",
            "recipe.yaml: there is no setting layrs, expected one of activationOrder, bits, correctInputs, "
                + "correctResidual, damping, dimension, effort, embeddings, format, ggufType, gridType, groupSize, head, layers, "
                + "method, passes, propagate, ranges, refine, refuseInactive, sample"
        ),
        ("rules: []", "recipe.yaml: there is no setting rules, expected one of"),
        ("{method: rtn, effort: best}", #"recipe.yaml: effort is "best", expected fast or null, since method rtn"#),
        ("{method: rtn, passes: 3}", "recipe.yaml: passes is 3, expected 0, since method rtn has no sweep"),
        ("{method: rtn, activationOrder: true}", "recipe.yaml: activationOrder is true, expected false, since method"),
        ("layers: [{q_proj: {bits: 3}}, 7]", "recipe.yaml: layers is 7, expected settings by name"),
        ("bits: null", "recipe.yaml: bits is null, expected "),
        ("damping: much", #"recipe.yaml: damping is "much", expected a number"#),
        ("symmetric: 1", "recipe.yaml: symmetric is 1, expected true or false"),
        ("ranges: all", #"recipe.yaml: ranges is "all", expected minmax, search"#),
        ("dimension: both", #"recipe.yaml: dimension is "both", expected adaptive, per-oc, per-ic"#),
        ("effort: most", #"recipe.yaml: effort is "most", expected fast, balanced, best"#),
        ("format: onnx", #"recipe.yaml: format is "onnx", expected dequantized, compressed-tensors, gguf, mlx"#),
        ("{format: gguf, ggufType: Q7_K}", #"recipe.yaml: ggufType is "Q7_K", expected Q2_K, Q2_K_S, Q3_K"#),
        (
            "ggufType: Q4_K",
            "recipe.yaml: ggufType is Q4_K, expected null, since the format is dequantized and not gguf"
        ),
        (
            "gridType: Q7_K",
            #"recipe.yaml: gridType is "Q7_K", expected uniform, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K"#
        ),
        ("{gridType: Q3_K, bits: 4}", "recipe.yaml: bits is 4, expected 3, which follows from gridType Q3_K"),
        (
            "{gridType: Q4_K, layers: {q_proj: {bits: 3}}}",
            "recipe.yaml: layers q_proj: bits is 3, expected 4, which follows from gridType Q4_K"
        ),
        (
            "{dimension: per-ic, layers: {q_proj: {gridType: Q2_K}}}",
            "recipe.yaml: layers q_proj: dimension is per-ic, expected per-oc or adaptive, since gridType Q2_K"
        ),
        ("- bits", "recipe.yaml: the file is a list, expected settings by name"),
        ("bits", #"recipe.yaml: the file is "bits", expected settings by name"#),
        ("layers: [q_proj]", #"recipe.yaml: layers is "q_proj", expected settings by name"#),
        ("layers: {q_proj: 3}", "recipe.yaml: layers: q_proj is 3, expected settings by name"),
        ("layers: {q_proj: {skip: yes please}}", #"recipe.yaml: layers q_proj: skip is "yes please", expected true"#),
        ("layers: {q_proj: {bit: 3}}", "recipe.yaml: layers q_proj: there is no setting bit, expected one of "),
        ("layers: {q_proj: {format: dequantized}}", "recipe.yaml: layers q_proj: there is no setting format, "),
    ])
    func refused(_ text: String, _ expected: String) {
        #expect(refusal(text).hasPrefix(expected), "\(refusal(text))")
    }

    /// What follows from a two-level type need not be said, and is gone with it.
    @Test func twoLevelGrids() throws {
        let recipe = try read(
            """
            bits: 8
            layers:
              a: {gridType: Q3_K}
              b: {gridType: uniform}
              c: {gridType: Q5_K, bits: 5, groupSize: 32}
            """)
        let grid = try options(recipe, [0]).grid
        #expect(grid.twoLevel == .q3K && grid.bits == 3 && grid.groupSize == 16 && grid.isSymmetric)
        #expect(try options(recipe, [1]).grid == recipe.options.grid)
        let back = try options(recipe, [0, 1]).grid
        #expect(back.twoLevel == nil && back.bits == 4 && back.groupSize == 128 && !back.isSymmetric)
        #expect(try options(recipe, [0, 2]).grid.twoLevel == .q5K)
        let whole = try read("gridType: Q4_K")
        #expect(whole.options.grid.twoLevel == .q4K && whole.options.grid.groupSize == 32)
        #expect(try read(RecipeFile.text(of: whole, title: "t")).options == whole.options)
    }

    @Test func whatIsNoYAML() {
        #expect(refusal("bits: [3").hasPrefix("recipe.yaml:"))
        #expect(refusal("bits: 3\nbits: 4").hasPrefix("recipe.yaml:"))
        #expect(refusal("{\"bits\": 3,}", name: "recipe.json").contains("recipe.json: line 1"))
        #expect(refusal(#"{"bits": 3, "bits": 4}"#, name: "recipe.json").contains("recipe.json: line 1"))
        // A short file whose aliases have a thousand million values.
        let aliases = (1..<9).map {
            "a\($0): &a\($0) [\([String](repeating: "*a\($0 - 1)", count: 10).joined(separator: ", "))]"
        }
        #expect(
            refusal("a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + aliases.joined(separator: "\n"))
                == "recipe.yaml: more than 1048576 values, those of aliases included")
        do {
            _ = try RecipeFile("/none/recipe.yaml")
            Issue.record("a file that is not there was read")
        } catch {
            #expect("\(error)" == "/none/recipe.yaml: No such file or directory")
        }
    }

    /// What is written is complete, and read as it was.
    @Test(arguments: Effort.allCases) func writtenAndRead(_ effort: Effort) throws {
        var recipe = ModelRecipe(effort)
        recipe.options.grid.bits = 3
        recipe.options.grid.groupSize = nil
        recipe.sampling.samples = 12
        recipe.sampling.seed = effort == .fast ? 5 : .max
        recipe.sampling.textField = "null"
        recipe.correction.residual = 0.125
        recipe.format = .compressedTensors
        recipe.rules = [.perInputChannel("*.down_proj", source: "--per-ic"), .skipping("q_proj", source: "--skip")]
        recipe.statedScaleType = .bfloat16
        for _ in 0..<2 {
            let text = try RecipeFile.text(of: recipe, title: "A title.")
            #expect(text.hasPrefix("# A title.\n"))
            #expect(try read(text) == recipe, "\(text)")
            // Whatever it is read over.
            #expect(try read(text, over: ModelRecipe(.fast)) == recipe)
            // A glob once more, after others.
            recipe.rules.append(.perInputChannel("q_proj", source: "--per-ic"))
        }
    }

    /// The selection counts for layers that a rule makes adaptive, too.
    @Test func aFixedDirectionKeepsItsSelection() throws {
        let recipe = try read(
            "{dimension: per-oc, select: sweep, layers: {q_proj: {dimension: adaptive}, k_proj: {bits: 3}}}")
        #expect(recipe.options.direction.fixedDimension == .perOutputChannel)
        #expect(try options(recipe, [0]).direction == .adaptive(by: .sweep))
        #expect(try options(recipe, [0, 1]).direction == .adaptive(by: .sweep))
    }

    @Test func roundToNearestStartsPlain() throws {
        let recipe = try read("method: rtn")
        #expect(recipe.effort == nil && recipe.options.grid.ranges == .full && recipe.options.refinement.passes == 0)
        #expect(try read("{method: rtn, ranges: search}").options.grid.ranges == .search)
        #expect(try read("{effort: fast, passes: 2}").options.refinement.passes == 2)
    }
}
