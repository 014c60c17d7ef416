import AdaDimCalibration
import Foundation

/// A mean over windows with the interval that contains it in 95 of 100 draws of the same number of windows: the
/// percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993), windows drawn with replacement,
/// at expanded percentiles (Hesterberg, What Teachers Should Know About the Bootstrap, 2015): the plain ones of n
/// windows are too narrow by √((n − 1)/n) and by the normal's quantile in place of Student's. Results on the same
/// windows are first subtracted window by window, so that the difficulty of a window does not add to the variance.
package struct BootstrapEstimate: Equatable, Sendable {
    package struct Interval: Codable, Equatable, Sendable {
        package let low: Double
        package let high: Double
    }

    package let mean: Double
    /// nil for fewer than ``fewestWindows``.
    package let interval: Interval?

    package static let resamples = 10_000
    /// Draws of fewer windows repeat the same few: their means are too close together.
    package static let fewestWindows = 5

    /// - Parameters:
    ///   - samples: one of each window, at least one.
    ///   - seed: the same one draws the same windows.
    package init(_ samples: [Double], resamples: Int = resamples, seed: UInt64 = 0) {
        precondition(!samples.isEmpty && resamples > 0, "the mean of nothing")
        let count = samples.count
        mean = samples.reduce(0, +) / Double(count)
        guard count >= Self.fewestWindows else {
            interval = nil
            return
        }
        var random = SplitMix64(seed: seed)
        let means = (0..<resamples).map { _ in
            var sum = 0.0
            for _ in 0..<count { sum += samples[Int.random(in: 0..<count, using: &random)] }
            return sum / Double(count)
        }.sorted()
        let tail = Self.tail(windows: count) * Double(resamples)
        interval = Interval(low: means[Int(tail)], high: means[resamples - 1 - Int(tail)])
    }

    /// The share of drawn means beyond each end of the interval: 0.025 for infinitely many windows, less for few.
    static func tail(windows: Int) -> Double {
        let width =
            StudentsT.quantile95(degrees: windows - 1) * (Double(windows) / Double(windows - 1)).squareRoot()
        return erfc(width / 2.0.squareRoot()) / 2
    }
}

extension ModelComparison {
    private var tokensPerWindow: Double { Double(windowLength - 1) }

    /// e to the mean negative log-likelihood of a token.
    package var perplexity: Perplexity {
        Perplexity(windowLength: windowLength, windowLogLikelihoods: windowLogLikelihoods)
    }

    /// Of a variant.
    package func perplexity(_ variant: Variant) -> Perplexity {
        Perplexity(windowLength: windowLength, windowLogLikelihoods: variant.windowLogLikelihoods)
    }

    /// What a variant loses of the log-likelihood, nats per token over the original.
    package func excess(_ variant: Variant) -> BootstrapEstimate {
        difference(windowLogLikelihoods, variant.windowLogLikelihoods)
    }

    /// What a variant loses more than another, nats per token.
    package func difference(_ variant: Variant, from other: Variant) -> BootstrapEstimate {
        difference(other.windowLogLikelihoods, variant.windowLogLikelihoods)
    }

    /// Every two variants, the earlier one first.
    package var pairs: [(first: Variant, second: Variant)] {
        variants.indices.flatMap { first in
            variants[(first + 1)...].map { (variants[first], $0) }
        }
    }

    /// Mean KL(original‖variant) of the next token's distribution, nats.
    package func divergence(_ variant: Variant) -> BootstrapEstimate {
        BootstrapEstimate(variant.windowDivergences.map { $0 / tokensPerWindow })
    }

    /// What a variant's divergence is larger than another's, nats per token.
    package func divergenceDifference(_ variant: Variant, from other: Variant) -> BootstrapEstimate {
        difference(variant.windowDivergences, other.windowDivergences)
    }

    private func difference(_ a: [Double], _ b: [Double]) -> BootstrapEstimate {
        BootstrapEstimate(zip(a, b).map { ($0 - $1) / tokensPerWindow })
    }
}
