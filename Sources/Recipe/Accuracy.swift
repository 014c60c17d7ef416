import AdaDimQuantization

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

    package init() {}
}
