import Foundation

/// How well a model predicts a text, window by window. Tokens 2 to the last of each window count; the first has no
/// token before it.
package struct Perplexity: Codable, Equatable, Sendable {
    /// Tokens in a window.
    package let windowLength: Int
    /// Number of windows.
    package let windows: Int
    /// Number of predicted tokens, windows · (windowLength − 1).
    package let tokens: Int
    /// In nats per predicted token.
    package let meanNegativeLogLikelihood: Double
    /// e to the mean negative log-likelihood.
    package let perplexity: Double
    /// Σ of the log-likelihoods of each window's predicted tokens, in nats.
    package let windowLogLikelihoods: [Double]

    /// - Precondition: there is at least one window, of at least two tokens.
    package init(windowLength: Int, windowLogLikelihoods: [Double]) {
        precondition(windowLength >= 2 && !windowLogLikelihoods.isEmpty, "perplexity of no predicted tokens")
        self.windowLength = windowLength
        self.windowLogLikelihoods = windowLogLikelihoods
        windows = windowLogLikelihoods.count
        tokens = windows * (windowLength - 1)
        meanNegativeLogLikelihood = -windowLogLikelihoods.reduce(0, +) / Double(tokens)
        perplexity = exp(meanNegativeLogLikelihood)
    }
}
