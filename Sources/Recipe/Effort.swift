import AdaDimQuantization

/// How much is done to lose less; `make accuracy` measures what each brings and takes (Documentation/Accuracy.md).
package enum Effort: String, Sendable, CaseIterable, Codable {
    /// The plain method: full ranges, one sweep.
    case fast
    /// Searched ranges, activation order, passes over what the sweep left, tokens of q, k and v weighed by attention, and more
    /// damping.
    case balanced
    /// The same, and layers that make up for what earlier quantization has changed, which takes a second stream through the
    /// original model.
    case best

    package var accuracy: Accuracy {
        var accuracy = Accuracy()
        accuracy.effort = self
        if self != .fast {
            accuracy.ranges = .search
            accuracy.activationOrder = true
            accuracy.refinement = Refinement(passes: 4)
            // Passes come close enough to H to fit what is chance in the calibration text, too, unless it is damped.
            accuracy.damping = 0.1
            accuracy.tokenWeights = .attention
        }
        if self == .best { accuracy.correction = OutputCorrection(inputs: 0.4, residual: 0.4) }
        return accuracy
    }
}

/// How much each token counts in the Gram matrix of q, k and v.
package enum TokenWeights: String, Sendable, CaseIterable, Codable {
    /// All the same.
    case equal
    /// By the attention that it receives: what others look at, above all the first token of a sequence, passes the error of its
    /// value on to all of them.
    case attention
}

/// What is done beyond a plain sweep to lose less.
package struct Accuracy: Sendable, Equatable {
    /// The one that this was begun with; some of it may have been changed since. nil for round-to-nearest, which has none.
    package var effort: Effort? = .fast
    package var ranges = RangeRule.full
    /// λ as a share of the mean diagonal of H.
    package var damping = 0.01
    package var refinement = Refinement.none
    /// Whether the sweep takes columns by descending diagonal of H.
    package var activationOrder = false
    package var correction = OutputCorrection.none
    package var tokenWeights = TokenWeights.equal
}
