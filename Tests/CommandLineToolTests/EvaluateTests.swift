import Foundation
import Testing

@Suite struct EvaluateTests {
    /// The documented fields of `evaluate --json`.
    private struct Figures: Decodable, Equatable {
        let perplexity: Double
        let meanNegativeLogLikelihood: Double
        let windows: Int
        let windowLength: Int
        let tokens: Int
        let windowLogLikelihoods: [Double]
    }

    private func evaluate(_ scratch: Scratch, _ model: String, _ options: String...) throws -> Tool.Outcome {
        try scratch.tool.run(
            ["evaluate", model, "--text", "text.safetensors", "--sequence-length", "32", "--sequences", "5", "--quiet"]
                + options)
    }

    private func figures(_ scratch: Scratch, _ model: String) throws -> Figures {
        let outcome = try evaluate(scratch, model, "--json")
        #expect(outcome.status == 0)
        #expect(outcome.errors.isEmpty)
        return try JSONDecoder().decode(Figures.self, from: Data(outcome.output.utf8))
    }

    @Test func jsonAndThePlainLineSayTheSame() throws {
        let scratch = try Scratch()
        let json = try figures(scratch, "model")
        #expect(json.windows == 5 && json.windowLength == 32 && json.tokens == 5 * 31)
        #expect(json.windowLogLikelihoods.count == 5)
        let mean = -json.windowLogLikelihoods.reduce(0, +) / Double(json.tokens)
        #expect(abs(json.meanNegativeLogLikelihood - mean) < 1e-12)
        #expect(abs(json.perplexity - exp(mean)) < 1e-12 * json.perplexity)

        let plain = try evaluate(scratch, "model")
        #expect(plain.status == 0)
        #expect(
            plain.output
                == String(
                    format: "perplexity %.6g on 5 windows of 32 tokens (%.6g nats per token)\n", json.perplexity,
                    json.meanNegativeLogLikelihood))
    }

    @Test func opensBothFormats() throws {
        let scratch = try Scratch(model: "llama")
        #expect(try scratch.quantize("--bits", "2").status == 0)
        let dense = try figures(scratch, "out")
        #expect(try scratch.quantize("--bits", "2", "--format", "compressed-tensors", "--overwrite").status == 0)
        let packed = try figures(scratch, "out")
        #expect(packed == dense)
        #expect(try figures(scratch, "model") != dense)
    }

    /// The bundled model beside itself: no difference, and the table and the JSON say the same.
    @Test func multipleChoice() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let scratch = try Scratch()
        let command = [
            "evaluate", "\(root)/Models/jargon-6m", "--multiple-choice", "\(root)/Tests/RealModel/questions.jsonl",
            "--examples", "30", "--against", "\(root)/Models/jargon-6m", "--quiet",
        ]
        let outcome = try scratch.tool.run(command)
        #expect(outcome.status == 0 && outcome.errors.isEmpty)
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 6 && lines[0] == "6 questions, 30 more as examples before each")
        #expect(lines[3...].allSatisfy { $0.contains("+0.0 (+0.0 to +0.0)") })

        struct Figures: Decodable {
            struct Estimate: Decodable { let mean: Double }
            struct Measure: Decodable { let accuracy: Estimate }
            let measures: [String: Measure]
        }
        let json = try scratch.tool.run(command + ["--json"])
        let figures = try JSONDecoder().decode(Figures.self, from: Data(json.output.utf8))
        for (line, name) in zip(lines[3...], ["sum", "perToken", "perByte"]) {
            let share = try #require(figures.measures[name]).accuracy.mean
            #expect(line.contains(String(format: "%.1f %% ±", 100 * share)))
        }
    }

    @Test func variantsAreComparedBesideTheOriginal() throws {
        let scratch = try Scratch()
        let outcome = try scratch.tool(
            "variants", "model", "--calibration", "text.safetensors", "--text", "text.safetensors", "--group-size", "8",
            "--samples", "4", "--sequence-length", "16", "--evaluation-length", "32", "--quiet", "--keep", "kept")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let names = outcome.output.split(separator: "\n").compactMap { line in
            line.split(separator: "|").first.map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let variants = [
            "RTN per-oc", "RTN per-ic", "RTN adaptive", "GPTQ per-oc", "GPTQ per-ic", "GPTQ adaptive (rtn)",
            "GPTQ adaptive (rtn), balanced", "GPTQ adaptive (rtn), best",
        ]
        for name in ["original"] + variants { #expect(names.contains(name), "\(name) in \(names)") }
        try expectSummary(of: outcome.output)
        #expect(outcome.errors.isEmpty)
        #expect(try scratch.contents == ["kept", "model", "text.safetensors"])
        let kept = try FileManager.default.contentsOfDirectory(atPath: scratch.url.appending(path: "kept").path)
        #expect(
            kept.sorted()
                == [
                    "gptq-adaptive", "gptq-adaptive-balanced", "gptq-adaptive-best", "gptq-per-ic", "gptq-per-oc",
                    "rtn-adaptive", "rtn-per-ic", "rtn-per-oc",
                ])
    }

    /// The sentence below the table names its plainest and its best variant, and says what the table says of them.
    private func expectSummary(of output: String) throws {
        let cells = output.split(separator: "\n").filter { $0.hasPrefix("|") }.map {
            $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let rows = cells.compactMap { row in Double(row[2]).map { (name: row[0], perplexity: $0) } }
        let original = try #require(rows.first { $0.name == "original" }).perplexity
        let plain = try #require(rows.first { $0.name == "RTN per-oc" })
        let best = try #require(rows.dropFirst().min { $0.perplexity < $1.perplexity })
        let sentence = try #require(output.split(separator: "\n").last)
        guard plain.perplexity > original else {
            #expect(
                sentence.hasPrefix("At 4 bits, RTN per-oc does not raise the perplexity of this model on this text"))
            return
        }
        #expect(sentence.hasPrefix("At 4 bits, RTN per-oc raises the perplexity by "))
        if best.name != plain.name {
            #expect(
                sentence.contains(". \(best.name) \(best.perplexity > original ? "raises it by" : "does not raise it")")
            )
        }
    }
}
