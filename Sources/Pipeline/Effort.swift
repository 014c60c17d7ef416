import AdaDimQuantization

/// How much is done to lose less; `make accuracy` measures what each brings and takes (Documentation/Accuracy.md).
package enum Effort: String, Sendable, CaseIterable, Codable {
    /// The plain method: full ranges, one sweep.
    case fast
    /// Searched ranges, activation order and passes over what the sweep left.
    case balanced
    /// More passes, and layers that make up for what earlier quantization has changed, which takes a second stream through
    /// the original model.
    case best

    package var accuracy: Accuracy {
        switch self {
        case .fast: Accuracy()
        case .balanced: Accuracy(ranges: .search, refinement: Refinement(passes: 4), activationOrder: true)
        case .best:
            Accuracy(
                ranges: .search, refinement: Refinement(passes: 8), activationOrder: true,
                correction: OutputCorrection(inputs: 0.4, residual: 0.4))
        }
    }
}

/// What is done beyond a plain sweep to lose less.
package struct Accuracy: Sendable, Equatable {
    package var ranges = RangeRule.full
    package var refinement = Refinement.none
    /// Whether the sweep takes columns by descending diagonal of H.
    package var activationOrder = false
    package var correction = OutputCorrection.none
}
