import Foundation
import Testing

/// What is right but surprising about a model is said where it matters, and once.
@Suite struct NoticeTests {
    /// Changes the model's config.json by its text.
    private func change(_ scratch: Scratch, _ body: (String) -> String) throws {
        let file = scratch.url.appending(path: "model/config.json")
        try body(String(contentsOf: file, encoding: .utf8)).write(to: file, atomically: true, encoding: .utf8)
    }

    private func occurrences(of text: String, in output: String) -> Int {
        output.components(separatedBy: text).count - 1
    }

    /// The model is opened once for its own perplexity and for each variant, whose output has the same surprises.
    @Test func variantsSayOnceWhatIsSurprisingAboutTheModel() throws {
        let scratch = try Scratch()
        try change(scratch) { "{\"no_such_key\": 1, " + $0.dropFirst() }
        let outcome = try scratch.tool(
            "variants", "model", "--calibration", "text.safetensors", "--text", "text.safetensors", "--samples", "2",
            "--sequence-length", "16", "--evaluation-length", "16", "--sequences", "2", "--group-size", "8")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(occurrences(of: "no_such_key", in: outcome.errors) == 1, "\(outcome.errors)")
    }

    /// What becomes of types when layers are quantized says nothing to whoever only evaluates.
    @Test func typesAreMentionedWhereLayersAreQuantized() throws {
        let scratch = try Scratch()
        let stated = try Regex("\"(torch_)?dtype\": \"[a-z0-9]+\"")
        try change(scratch) { $0.replacing(stated, with: "\"dtype\": \"float16\"") }
        let evaluate = ["evaluate", "--text", "text.safetensors", "--sequence-length", "16"]
        #expect(!(try scratch.tool.run(evaluate + ["model"]).errors.contains("float16")))
        let quantized = try scratch.quantize()
        #expect(quantized.status == 0)
        #expect(occurrences(of: "is rounded to float16", in: quantized.errors) == 1, "\(quantized.errors)")
    }
}
