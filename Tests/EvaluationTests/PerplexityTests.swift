import AdaDimDecoder
import AdaDimEvaluation
import AdaDimLinearAlgebra
import AdaDimTestSupport
import Foundation
import Testing

struct PerplexityTests {
    @Test(arguments: GoldenModel.all)
    func logLikelihoodsOfWindows(_ golden: GoldenModel) throws {
        let expected = try golden.expected()
        let windows = try PerplexityWindows(tokens: expected.text.count, length: expected.window)
        let result = try Perplexity(of: golden.model(), on: expected.text, windows: windows)

        // Logits off by δ move a log-likelihood by at most 2δ; a window has length − 1 of them.
        let bound = 2 * GoldenModel.allowance * expected.rounding * Double(expected.window - 1)
        #expect(result.windowLogLikelihoods.count == expected.logLikelihoods.count)
        for (ours, reference) in zip(result.windowLogLikelihoods, expected.logLikelihoods) {
            #expect(abs(ours - reference) <= bound)
        }
        #expect(result.windows == 4 && result.tokens == 4 * (expected.window - 1))
        let mean = -expected.logLikelihoods.reduce(0, +) / Double(result.tokens)
        #expect(abs(result.meanNegativeLogLikelihood - mean) <= bound)
        #expect(abs(result.perplexity / exp(mean) - 1) <= 2 * bound)
    }

    /// Rounds and batches change the shapes of products, hence only their rounding.
    @Test func roundsAndBatches() throws {
        let golden = GoldenModel(name: "llama-biases")
        let expected = try golden.expected()
        let model = try golden.model()
        let windows = try PerplexityWindows(tokens: expected.text.count, length: expected.window)
        var seen: [EvaluationProgress] = []
        let whole = try Perplexity(of: model, on: expected.text, windows: windows) { seen.append($0) }
        #expect(seen.map(\.block) == [0, 1, 2])
        #expect(seen.allSatisfy { $0.blocks == 2 && $0.round == 0 && $0.rounds == 1 })

        seen = []
        // 32 features of 16 tokens in 4 bytes: three windows a round. One byte: one window a batch.
        let parts = try Perplexity(
            of: model, on: expected.text, windows: windows, hiddenBytes: 3 * 2048, batchBytes: 1
        ) { seen.append($0) }
        #expect(seen.map(\.round) == [0, 0, 0, 1, 1, 1] && seen.allSatisfy { $0.rounds == 2 })
        let bound = 4 * GoldenModel.allowance * expected.rounding * Double(expected.window - 1)
        for (a, b) in zip(whole.windowLogLikelihoods, parts.windowLogLikelihoods) { #expect(abs(a - b) <= bound) }
        #expect(parts.windows == 4)
    }

    /// numpy.linspace(0, count - 1, limit).astype(int), for the windows of one text. In exact arithmetic the twelfth of
    /// the 23 would be 15: double precision falls just short of it.
    @Test func evenlySpreadWindows() throws {
        func positions(_ count: Int, _ limit: Int?) throws -> [Int] {
            try PerplexityWindows(tokens: count * 10 + 9, length: 10, limit: limit).starts.map { $0 / 10 }
        }
        #expect(try positions(5, nil) == [0, 1, 2, 3, 4])
        #expect(try positions(5, 9) == [0, 1, 2, 3, 4])
        #expect(try positions(5, 1) == [0])
        #expect(try positions(10, 4) == [0, 3, 6, 9])
        #expect(try positions(11, 4) == [0, 3, 6, 10])
        #expect(
            try positions(31, 23) == [
                0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 16, 17, 19, 20, 21, 23, 24, 25, 27, 28, 30,
            ])
        #expect(try PerplexityWindows(tokens: 23, length: 4, limit: 3).starts == [0, 8, 16])
    }

    @Test func badInput() throws {
        func text(tokens: Int, length: Int, limit: Int? = nil) -> String {
            do throws(PerplexityError) {
                return "\(try PerplexityWindows(tokens: tokens, length: length, limit: limit))"
            } catch {
                return "\(error)"
            }
        }
        #expect(
            text(tokens: 9, length: 10)
                == "the text has 9 tokens, expected at least one window of 10: give a longer text or shorter windows")
        #expect(text(tokens: 9, length: 1).hasPrefix("windows of 1 tokens, expected at least 2"))
        #expect(text(tokens: 90, length: 10, limit: 0) == "0 windows were requested, expected at least 1")

        let model = try GoldenModel(name: "llama").model()
        var ids = [Int32](repeating: 3, count: 300)
        #expect(throws: PerplexityError.windowTooLong(129, maximum: 128)) {
            try Perplexity(of: model, on: ids, windows: PerplexityWindows(tokens: 300, length: 129))
        }
        ids[257] = 61
        let error = #expect(throws: PerplexityError.self) {
            try Perplexity(of: model, on: ids, windows: PerplexityWindows(tokens: 300, length: 100))
        }
        #expect(
            error.map(String.init(describing:))
                == "token 257 of the text has id 61, expected one of the vocabulary's 0 to 60")
    }

    @Test func codable() throws {
        let result = Perplexity(windowLength: 3, windowLogLikelihoods: [-2, -4])
        #expect(result.tokens == 4 && result.meanNegativeLogLikelihood == 1.5 && result.perplexity == exp(1.5))
        let copy = try JSONDecoder().decode(Perplexity.self, from: JSONEncoder().encode(result))
        #expect(copy == result)
    }
}
