import AdaDimQuantizedMatrices

/// How much each token counts in the Gram matrix of q, k and v.
package enum TokenWeights: String, Sendable, NamedChoice {
    /// All the same.
    case equal
    /// By the attention that it receives: what others look at, above all the first token of a sequence, passes the error of its
    /// value on to all of them.
    case attention
}
