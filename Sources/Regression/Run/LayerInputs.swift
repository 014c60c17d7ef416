import AdaDimLinearAlgebra

/// What a layer's Gram matrix comes from.
package enum LayerInputs<S: RealScalar>: Sendable {
    /// X [in, tokens], a token a column.
    case activations(Matrix<S>)
    /// H [in, in], of which the lower triangle is read.
    case gram(Matrix<S>)

    var digest: String {
        switch self {
        case .activations(let matrix), .gram(let matrix): Digest.text(matrix.inDouble)
        }
    }
}
