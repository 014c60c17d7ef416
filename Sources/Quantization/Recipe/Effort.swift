import AdaDimQuantizedMatrices

/// How much is done to lose less. Documentation/Accuracy.md has what each part brings, and what it takes.
public enum Effort: String, Sendable, NamedChoice {
    /// The plain method: full ranges, one sweep.
    case fast
    /// Searched ranges, act-order, more damping, and passes over the swept weight; in a whole model also tokens weighted by
    /// attention for q, k and v.
    case balanced
    /// The same, and in a whole model layers compensate for what quantization changed before them.
    case best
}
