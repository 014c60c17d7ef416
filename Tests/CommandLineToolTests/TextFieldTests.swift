import Foundation
import Testing

/// `--text-field`, wherever a text is an option.
@Suite struct TextFieldTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let model = root.appending(path: "Models/jargon-6m").path

    /// A directory with `text.jsonl`: two documents with room, one without.
    private func scratch() throws -> Scratch {
        let scratch = try Scratch()
        let long = Array(repeating: "A hacker is someone who thinks.", count: 20).joined(separator: " ")
        let lines = [long, "Short.", long + " And more."].map { "{\"id\": 1, \"body\": \"\($0)\"}" }
        try Data((lines.joined(separator: "\r\n") + "\r\n").utf8).write(to: scratch.url.appending(path: "text.jsonl"))
        return scratch
    }

    private static let leftOut = "text.jsonl: 1 of 3 documents have fewer tokens than a sequence, 32, and are left out"

    @Test func evaluateAndCompare() throws {
        let scratch = try scratch()
        let text = ["--text", "text.jsonl", "--sequence-length", "32"]
        let plain = try scratch.tool.run(["evaluate", Self.model] + text)
        #expect(plain.status == 0)
        #expect(
            plain.errors.contains("text.jsonl: its lines are JSON objects") && plain.errors.contains("\"body\", \"id\"")
        )
        let outcome = try scratch.tool.run(["evaluate", Self.model] + text + ["--text-field", "body"])
        #expect(outcome.status == 0 && outcome.errors.contains(Self.leftOut), "\(outcome.errors)")
        #expect(!outcome.errors.contains("its lines are JSON objects"))
        #expect(outcome.output != plain.output)
        let compared = try scratch.tool.run(
            ["compare", Self.model, Self.model] + text + ["--text-field", "body", "--json"])
        #expect(compared.status == 0 && compared.errors.contains(Self.leftOut), "\(compared.errors)")
        #expect(compared.output.contains("\"textField\" : \"body\""))
    }

    @Test func quantizeRecordsTheField() throws {
        let scratch = try scratch()
        func quantize(_ options: String...) throws -> Tool.Outcome {
            try scratch.tool.run(
                [
                    "quantize", Self.model, "out", "--calibration", "text.jsonl", "--samples", "4", "--sequence-length",
                    "32",
                ]
                    + ["--bits", "4", "--group-size", "64", "--method", "rtn", "--overwrite"] + options)
        }
        let outcome = try quantize("--text-field", "body")
        #expect(outcome.status == 0 && outcome.errors.contains(Self.leftOut), "\(outcome.errors)")
        let options = try scratch.report()["options"] as? [String: Any]
        #expect(options?["textField"] as? String == "body")
        let page = try String(contentsOf: scratch.url.appending(path: "out/quantization-report.html"), encoding: .utf8)
        #expect(
            page.contains("text.jsonl, field &quot;body&quot;") || page.contains("text.jsonl, field &#34;body&#34;"))
        let wrong = try quantize("--text-field", "text")
        #expect(wrong.status != 0)
        #expect(
            wrong.errors.contains(
                "text.jsonl, line 1: no field \"text\"; its fields are: \"body\", \"id\"; expected a JSON object"))
        #expect(try quantize("--text-field", "").errors.contains("--text-field is empty, expected a field's name"))
    }

    @Test func aFieldNeedsAText() throws {
        let scratch = try scratch()
        let outcome = try scratch.tool("evaluate", "model", "--multiple-choice", "q", "--text-field", "body")
        #expect(outcome.status == 64 && outcome.errors.contains("--text-field needs --text"))
    }

    /// Both files by fields of their own, and each notice once, although both are read for every variant.
    @Test func variantsReadBothFiles() throws {
        let scratch = try scratch()
        let outcome = try scratch.tool(
            "variants", Self.model, "--calibration", "text.jsonl", "--text-field", "body", "--text", "text.jsonl",
            "--evaluation-text-field", "body", "--samples", "2", "--sequence-length", "32", "--evaluation-length", "40",
            "--sequences", "2", "--group-size", "64", "--skip", "*.[1-5].*")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.components(separatedBy: Self.leftOut).count == 2)
        let evaluated = Self.leftOut.replacing("32", with: "40")
        #expect(outcome.errors.components(separatedBy: evaluated).count == 2)
    }
}
