import Foundation
import Testing

/// `quantize --recipe`.
@Suite struct RecipeTests {
    private func write(_ text: String, _ scratch: Scratch, name: String = "recipe.yaml") throws {
        try Data(text.utf8).write(to: scratch.url.appending(path: name))
    }

    private func weights(_ scratch: Scratch, _ output: String) throws -> Data {
        try Data(contentsOf: scratch.url.appending(path: output + "/model.safetensors"))
    }

    /// What a run wrote repeats it, and options override the general part of it.
    @Test(arguments: ["fast", "balanced", "best"]) func theSameBytesAgain(_ effort: String) throws {
        let scratch = try Scratch()
        let first = try scratch.quantize(
            "--bits", "3", "--effort", effort, "--per-ic", "q_proj,down_proj", "--skip", "*.0.*.v_proj", "--skip",
            "q_proj",
            "--seed", "7")
        #expect(first.status == 0, "\(first.errors)")
        let again = try scratch.tool(
            "quantize", "model", "again", "--calibration", "text.safetensors", "--recipe",
            "out/quantization-recipe.yaml")
        #expect(again.status == 0, "\(again.errors)")
        #expect(try weights(scratch, "again") == weights(scratch, "out"))
        let other = try scratch.tool(
            "quantize", "model", "other", "--calibration", "text.safetensors", "--recipe",
            "out/quantization-recipe.yaml",
            "--bits", "4")
        #expect(other.status == 0, "\(other.errors)")
        #expect(try weights(scratch, "other") != weights(scratch, "out"))
        let recipe = try String(
            contentsOf: scratch.url.appending(path: "other/quantization-recipe.yaml"), encoding: .utf8)
        #expect(recipe.contains("\nbits: 4\n") && recipe.contains("\neffort: \(effort)\n"))
    }

    /// All of it is checked before anything starts: the status, the words, and no output.
    @Test(arguments: [
        ("bits: 5", 1, "recipe.yaml: bits is 5, expected 2, 3, 4 or 8"),
        ("layers: {'*.nothing': {bits: 4}}", 1, "*.nothing"),
        ("layers: {q_proj: {bits: 17}}", 1, "recipe.yaml: layers q_proj: bits is 17, expected 2, 3, 4 or 8"),
        ("scaleType: float16", 1, "the recipe: scaleType is float16, expected bfloat16"),
        ("samples: -1", 1, "recipe.yaml: samples is -1, expected at least 1"),
        ("layers: {q_proj: {scaleType: float32}}", 1, "model.layers.0.self_attn.q_proj"),
        ("layers: {'*': {skip: true}}", 1, "no layer is left to quantize: each is skipped by recipe.yaml: layers *"),
        ("bitz: 4", 1, "recipe.yaml: there is no setting bitz, expected one of activationOrder, bits"),
        ("layers: {q_proj: {damping: lots}}", 1, #"recipe.yaml: layers q_proj: damping is "lots", expected a number"#),
        ("bits: [", 1, "recipe.yaml: "),
    ])
    func refused(_ text: String, _ status: Int32, _ words: String) throws {
        let scratch = try Scratch()
        try write(text, scratch)
        let outcome = try scratch.quantize("--recipe", "recipe.yaml")
        #expect(outcome.status == status)
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
        #expect(outcome.output.isEmpty && !outcome.errors.contains("[1/"))
        #expect(try scratch.contents == (Scratch.untouched + ["recipe.yaml"]).sorted())
    }

    @Test func aFileThatIsNotThere() throws {
        let scratch = try Scratch()
        let outcome = try scratch.quantize("--recipe", "none.yaml")
        #expect(
            outcome.status == 1 && outcome.errors.contains("none.yaml: No such file or directory"), "\(outcome.errors)")
        let empty = try scratch.quantize("--recipe", "")
        #expect(empty.status == 64 && empty.errors.contains("--recipe"), "\(empty.errors)")
    }

    /// Options that need a sweep are refused where a file has round-to-nearest, as they are on the command line.
    @Test func aFilesMethodCounts() throws {
        let scratch = try Scratch()
        try write("{\"method\": \"rtn\", \"bits\": 3}", scratch, name: "recipe.json")
        let outcome = try scratch.quantize("--recipe", "recipe.json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let options = try #require(try scratch.report()["options"] as? [String: Any])
        #expect(options["method"] as? String == "rtn" && options["bits"] as? Int == 3)
        let refused = try scratch.quantize("--recipe", "recipe.json", "--passes", "3", "--overwrite")
        #expect(refused.status == 64 && refused.errors.contains("--passes is 3, but --method rtn has no sweep"))
    }

    /// Another method or effort than the file's replaces all that depends on it.
    @Test(
        arguments: [
            ("effort: best", ["--method", "rtn"], nil, 0, "minmax", 0),
            ("{effort: best, passes: 2}", ["--effort", "fast"], "fast", 0, "minmax", 0),
            ("method: rtn", ["--method", "gptq"], "balanced", 4, "search", 0.1),
            ("{effort: fast, passes: 2}", [], "fast", 2, "minmax", 0.01),
            ("{effort: fast, ranges: search}", ["--passes", "1"], "fast", 1, "search", 0.01),
        ] as [(String, [String], String?, Int, String, Double)])
    func whatTheCommandLineReplaces(
        _ text: String, _ options: [String], _ effort: String?, _ passes: Int, _ ranges: String, _ damping: Double
    ) throws {
        let scratch = try Scratch()
        try write(text, scratch)
        let outcome = try scratch.tool.run(
            ["quantize", "model", "out", "--calibration", "text.safetensors", "--group-size", "8", "--samples", "8"]
                + ["--sequence-length", "16", "--recipe", "recipe.yaml"] + options)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let found = try #require(try scratch.report()["options"] as? [String: Any])
        #expect(found["effort"] as? String == effort && found["passes"] as? Int == passes)
        #expect(found["ranges"] as? String == ranges)
        if damping > 0 { #expect(found["damping"] as? Double == damping) }
    }
}
