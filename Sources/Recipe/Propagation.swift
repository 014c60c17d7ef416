import AdaDimQuantizedMatrices

/// What the inputs of a layer are computed with.
package enum Propagation: String, Sendable, NamedChoice {
    /// What is already quantized, so that later layers compensate for earlier errors.
    case quantized
    /// The untouched model.
    case original
}
