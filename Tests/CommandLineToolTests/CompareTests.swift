import Foundation
import Testing

/// `adadim compare`, as a user meets it.
@Suite struct CompareTests {
    private struct Estimate: Decodable {
        let mean: Double
        let low: Double
        let high: Double
    }

    private struct Figures: Decodable {
        struct Original: Decodable {
            let perplexity: Double
            let windowLogLikelihoods: [Double]
        }
        struct Variant: Decodable {
            let name: String
            let perplexity: Double
            let excess: Estimate
            let divergence: Estimate
            let windowLogLikelihoods: [Double]
            let windowDivergences: [Double]
        }
        struct Difference: Decodable {
            let variant: String
            let from: String
            let excess: Estimate
            let divergence: Estimate
        }
        let windows: Int
        let windowLength: Int
        let original: Original
        let variants: [Variant]
        let differences: [Difference]
    }

    private static let options = [
        "--text", "text.safetensors", "--sequence-length", "32", "--sequences", "5", "--quiet",
    ]

    @Test func figuresAreThoseOfEvaluate() throws {
        let scratch = try Scratch(model: "llama")
        #expect(try scratch.quantize("--bits", "2").status == 0)
        try FileManager.default.moveItem(
            at: scratch.url.appending(path: "out"), to: scratch.url.appending(path: "two"))
        #expect(try scratch.quantize("--bits", "8", "--format", "compressed-tensors").status == 0)
        let outcome = try scratch.tool.run(["compare", "model", "two", "out"] + Self.options + ["--json"])
        #expect(outcome.status == 0 && outcome.errors.isEmpty)
        let figures = try JSONDecoder().decode(Figures.self, from: Data(outcome.output.utf8))
        #expect(figures.windows == 5 && figures.windowLength == 32)
        #expect(figures.variants.map(\.name) == ["two", "out"])

        struct Evaluated: Decodable { let windowLogLikelihoods: [Double] }
        for (name, found) in [("model", figures.original.windowLogLikelihoods)]
            + figures.variants.map({ ($0.name, $0.windowLogLikelihoods) })
        {
            let alone = try scratch.tool.run(["evaluate", name] + Self.options + ["--json"])
            let expected = try JSONDecoder().decode(Evaluated.self, from: Data(alone.output.utf8))
            #expect(found == expected.windowLogLikelihoods)
        }
        for variant in figures.variants {
            let excess = zip(figures.original.windowLogLikelihoods, variant.windowLogLikelihoods).map { ($0 - $1) / 31 }
            #expect(abs(variant.excess.mean - excess.reduce(0, +) / 5) < 1e-12)
            #expect(variant.excess.low <= variant.excess.mean && variant.excess.mean <= variant.excess.high)
            #expect(abs(variant.divergence.mean - variant.windowDivergences.reduce(0, +) / 5 / 31) < 1e-12)
            #expect(variant.windowDivergences.allSatisfy { $0 >= 0 })
        }
        // Two bits are further from the original than eight.
        #expect(figures.variants[0].divergence.low > figures.variants[1].divergence.high)
        let difference = try #require(figures.differences.first)
        #expect(figures.differences.count == 1 && difference.variant == "out" && difference.from == "two")
        #expect(
            abs(difference.excess.mean - figures.variants[1].excess.mean + figures.variants[0].excess.mean) < 1e-12)
        #expect(difference.divergence.high < 0)

        let table = try scratch.tool.run(["compare", "model", "two", "out"] + Self.options)
        #expect(table.output.hasPrefix("5 windows of 32 tokens; in brackets, 95 % intervals\n"))
        for (name, perplexity) in [("original", figures.original.perplexity)]
            + figures.variants.map({ ($0.name, $0.perplexity) })
        {
            #expect(table.output.contains("| \(name) "))
            #expect(table.output.contains(String(format: " %.3f |", perplexity)))
        }
        #expect(table.output.contains("\n| out − two "))
    }

    /// One window has no spread: it gets no interval.
    @Test func oneWindowHasNoInterval() throws {
        let scratch = try Scratch(model: "llama")
        #expect(try scratch.quantize("--bits", "2").status == 0)
        let options = ["--text", "text.safetensors", "--sequence-length", "32", "--sequences", "1", "--quiet"]
        let table = try scratch.tool.run(["compare", "model", "out"] + options)
        #expect(table.output.hasPrefix("1 window of 32 tokens; 95 % intervals take at least 5\n"))
        #expect(!table.output.contains("("))
        let json = try scratch.tool.run(["compare", "model", "out"] + options + ["--json"])
        let found = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        let variant = try #require((found?["variants"] as? [[String: Any]])?.first)
        for measure in ["excess", "divergence"] {
            let estimate = try #require(variant[measure] as? [String: Any])
            #expect(estimate["mean"] is Double && estimate["low"] is NSNull && estimate["high"] is NSNull)
        }
        #expect(found?["text"] as? String == "text.safetensors" && found?["versions"] is [String: Any])
    }

    /// What is quantized already may stand for the original, but not without a word; and no row is called `.`.
    @Test func aQuantizedOriginalIsTold() throws {
        let scratch = try Scratch(model: "llama")
        #expect(try scratch.quantize("--bits", "2").status == 0)
        let outcome = try scratch.tool.run(["compare", "out", "model/."] + Self.options)
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains("out is a quantized model, and is used as the original here"))
        #expect(outcome.output.contains("| model "))
    }

    @Test func refusals() throws {
        let scratch = try Scratch(model: "llama")
        let cases: [([String], Int32, String)] = [
            (["compare", "model"] + Self.options, 64, "<variants>"),
            (["compare", "model", ""] + Self.options, 64, "<variant> is empty"),
            (["compare", "model", "model", "--text", "text.safetensors", "--sequence-length", "1"], 64, "at least 2"),
            (["compare", "model", "nowhere"] + Self.options, 1, "nowhere"),
            (["compare", "model", "model", "--text", "nowhere.txt"], 1, "nowhere.txt: cannot be read"),
            (["compare", "model", "model", "./model"] + Self.options, 1, "./model: given twice"),
            (
                ["compare", "model", "model", "--text", "text.safetensors", "--sequence-length", "4096"], 1,
                "expected at least one window of 4096: give a longer text or shorter windows"
            ),
        ]
        for (arguments, status, text) in cases {
            let outcome = try scratch.tool.run(arguments)
            #expect(outcome.status == status, "\(arguments)")
            #expect(outcome.errors.contains(text), "\(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
    }
}
