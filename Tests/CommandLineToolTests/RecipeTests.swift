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
            "--bits", "3", "--effort", effort, "--per-ic", "q_proj,down_proj", "--skip", "*.0.*.v_proj", "--seed", "7")
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
        ("bits: 5", 1, "bits"),
        ("layers: {'*.nothing': {bits: 4}}", 1, "*.nothing"),
        ("layers: {q_proj: {bits: 17}}", 1, "model.layers.0.self_attn.q_proj"),
        ("layers: {q_proj: {scaleType: float32}}", 1, "model.layers.0.self_attn.q_proj"),
        ("layers: {'*': {skip: true}}", 1, "no layer"),
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

    /// Settings that belong to a sweep say so where a file has round-to-nearest, as they do on the command line.
    @Test func aFilesMethodCounts() throws {
        let scratch = try Scratch()
        try write("{\"method\": \"rtn\", \"bits\": 3}", scratch, name: "recipe.json")
        let outcome = try scratch.quantize("--recipe", "recipe.json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let options = try #require(try scratch.report()["options"] as? [String: Any])
        #expect(options["method"] as? String == "rtn" && options["bits"] as? Int == 3)
        let refused = try scratch.quantize("--recipe", "recipe.json", "--passes", "3", "--overwrite")
        #expect(refused.status == 64 || refused.status == 1)
        #expect(refused.errors.contains("--passes"), "\(refused.errors)")
    }
}
