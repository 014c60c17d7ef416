import AdaDimLinearAlgebra

extension QuantizationOptions.Factor {
    /// The shares of the mean diagonal to try in turn: the requested one, then ten times as much at a time, up to the mean
    /// diagonal itself. Zero is never raised: a caller who requests none gets an error if there is no factor.
    var dampingShares: [Double] {
        var shares = [damping]
        var next = damping
        while next > 0 && next < 1 {
            next = min(next * 10, 1)
            shares.append(next)
        }
        return shares
    }
}

/// What is added to each diagonal element of H. λ for every input, so that the loss can be computed without it again;
/// with λ = 0 an inactive input, whose row and column of H are zero, gets the mean diagonal instead: the factor needs a
/// positive pivot there, and its value does not affect the other inputs.
///
/// [in, 1], as the diagonal.
func ridge<S: RealScalar>(
    diagonal: Matrix<S>, mean: S, share: Double
) throws(QuantizationError) -> Matrix<S> {
    let damping = S(share) * mean
    return try diagonal.converted { $0 == 0 && damping == 0 ? mean : damping }
}
