import AdaDimDecoder
import AdaDimEvaluation
import AdaDimLinearAlgebra
import AdaDimTestSupport
import Foundation
import Testing

/// Two models on the same windows, against all logits at once in Double.
@Suite struct ModelComparisonTests {
    /// log softmax of a column, in Double.
    private func logProbabilities(_ logits: [Float]) -> [Double] {
        let peak = logits.map(Double.init).max() ?? 0
        let normalizer = peak + log(logits.map { exp(Double($0) - peak) }.reduce(0, +))
        return logits.map { Double($0) - normalizer }
    }

    private func divergence(_ p: [Double], _ q: [Double]) -> Double {
        zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
    }

    @Test(arguments: [1, 7, 8, 100, 513, 1029])
    func panelsMakeUpTheVocabulary(panel: Int) {
        let vocabulary = 1029
        // Alike, apart, rising against falling, and one far above the other.
        let slopes: [(Double, Double, Double)] = [(0, 0, 0), (0.05, 0.04, 0), (0.01, -0.01, 0), (0.002, 0.002, 80)]
        func logits(_ which: Int) -> Matrix<Float> {
            Matrix(rows: vocabulary, columns: slopes.count) { row, column in
                let (p, q, shift) = slopes[column]
                let wave = 3 * sin(Double(row * 37 + column) + (column == 0 ? 0 : Double(which)))
                return Float(wave + (which == 0 ? p : q) * Double(row) + (which == 0 ? 0 : shift))
            }
        }
        let (x, y) = (logits(0), logits(1))
        var divergences = NextTokenDivergences(tokens: slopes.count)
        for start in stride(from: 0, to: vocabulary, by: panel) {
            let rows = start..<min(start + panel, vocabulary)
            x.withView { x in
                y.withView { y in
                    for columns in [0..<3, 3..<4] {
                        divergences.add(
                            original: x[rows: rows, columns: columns], variant: y[rows: rows, columns: columns],
                            columns: columns)
                    }
                }
            }
        }
        for (column, value) in divergences.values.enumerated() {
            let (p, q) = (logProbabilities(x.column(column)), logProbabilities(y.column(column)))
            // Differences of logits of at most 90, each with a rounding of half an eps, and sums of 32 terms.
            let bound = (45 + 2 * 34) * 2 * Double(Float.ulpOfOne)
            #expect(abs(value - divergence(p, q)) <= bound, "token \(column)")
        }
        #expect(divergences.values[0] < 1e-5)
    }

    @Test func nanShows() {
        for place in [0, 8, 10] {
            var logits = Matrix<Float>(repeating: 1, rows: 11, columns: 1)
            logits[place, 0] = .nan
            let fine = Matrix<Float>(repeating: 1, rows: 11, columns: 1)
            for (a, b) in [(logits, fine), (fine, logits)] {
                var divergences = NextTokenDivergences(tokens: 1)
                a.withView { a in b.withView { divergences.add(original: a, variant: $0, columns: 0..<1) } }
                #expect(!divergences.values[0].isFinite)
            }
        }
    }

    @Test func windowsAddUp() throws {
        let golden = GoldenModel(name: "llama")
        let expected = try golden.expected()
        let (original, other) = (try golden.model(), try GoldenModel(name: "llama-linear-rope").model())
        let windows = try PerplexityWindows(tokens: expected.text.count, length: expected.window)
        var seen: [String] = []
        let comparison = try ModelComparison(
            of: ("a", original), with: [("a again", original), ("b", other)], on: expected.text, windows: windows
        ) { name, step in if step.block == 0 { seen.append(name) } }
        #expect(seen == ["a", "a again", "b"])
        // In rounds of few windows, and batches of one.
        let parts = try ModelComparison(
            of: ("a", original), with: [("b", other)], on: expected.text, windows: windows, hiddenBytes: 1,
            batchBytes: 1)
        let alone = try Perplexity(of: original, on: expected.text, windows: windows)
        #expect(comparison.windowLogLikelihoods == alone.windowLogLikelihoods)
        #expect(comparison.variants[0].windowLogLikelihoods == alone.windowLogLikelihoods)
        #expect(comparison.variants[0].windowDivergences.allSatisfy { $0 < 1e-5 })
        let reference = try Perplexity(of: other, on: expected.text, windows: windows)
        #expect(comparison.variants[1].windowLogLikelihoods == reference.windowLogLikelihoods)

        for (index, start) in windows.starts.enumerated() {
            let ids = Array(expected.text[start..<start + windows.length])
            let (x, y) = (try original.logits(of: [ids]), try other.logits(of: [ids]))
            let exact = (0..<windows.length - 1).reduce(0.0) {
                $0 + divergence(logProbabilities(x.column($1)), logProbabilities(y.column($1)))
            }
            // Other batches, other roundings of the same logits.
            #expect(exact > 0.01)
            #expect(abs(comparison.variants[1].windowDivergences[index] - exact) <= 1e-4 * exact)
            #expect(abs(parts.variants[0].windowDivergences[index] - exact) <= 1e-4 * exact)
        }
        let excess = comparison.excess(comparison.variants[1])
        let mean = reference.meanNegativeLogLikelihood - alone.meanNegativeLogLikelihood
        #expect(abs(excess.mean - mean) < 1e-12)
        #expect(comparison.excess(comparison.variants[0]).mean == 0)
        let difference = comparison.difference(comparison.variants[1], from: comparison.variants[0])
        #expect(difference == excess)
    }

    @Test func intervalsHoldTheirMean() throws {
        let same = BootstrapEstimate([2, 2, 2, 2, 2])
        #expect(same.mean == 2 && same.interval?.low == 2 && same.interval?.high == 2)
        // Fewer windows have no interval, whatever they say.
        let few = BootstrapEstimate([2, 2, 2, 2])
        #expect(few.mean == 2 && few.interval == nil)
        let samples = (0..<40).map { Double($0 * 7919 % 40) / 40 - 0.5 }
        let estimate = BootstrapEstimate(samples)
        #expect(BootstrapEstimate(samples) == estimate && BootstrapEstimate(samples, seed: 1) != estimate)
        let interval = try #require(estimate.interval)
        #expect(interval.low < estimate.mean && estimate.mean < interval.high)
        // The samples are spread evenly over a length of 1: their deviation is √(1/12), up to 1/40², and that of a mean over
        // 40 is over √39, for the deviation is from their own mean. Student's t at 39 degrees of freedom is 2.023; the
        // quantiles of 10 000 draws are within a few hundredths of it.
        let margin = 2.023 * (1.0 / 12 / 39).squareRoot()
        #expect(abs((interval.high - interval.low) / (2 * margin) - 1) < 0.04)
    }

    /// Of many experiments with few windows each, the intervals hold the true mean in 95 of 100; plain percentiles would in 84.
    @Test func intervalsOfFewWindowsHoldTheMeanAsOftenAsTheySay() {
        var random = SplitMix64(seed: 7)
        func normal() -> Double {
            (-2 * log(Double.random(in: Double.leastNonzeroMagnitude..<1, using: &random))).squareRoot()
                * cos(2 * .pi * Double.random(in: 0..<1, using: &random))
        }
        for (windows, atLeast) in [(5, 0.91), (16, 0.93)] {
            let experiments = 2000
            let held = (0..<experiments).count { number in
                let samples = (0..<windows).map { _ in normal() }
                let interval = BootstrapEstimate(samples, resamples: 2000, seed: UInt64(number)).interval!
                return interval.low <= 0 && 0 <= interval.high
            }
            let share = Double(held) / Double(experiments)
            #expect(share >= atLeast && share <= 0.97, "\(windows) windows")
        }
    }
}
