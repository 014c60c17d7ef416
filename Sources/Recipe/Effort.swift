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
