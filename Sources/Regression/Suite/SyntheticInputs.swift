import AdaDimLinearAlgebra

/// What the inputs of a synthetic layer are like: activations, or a Gram matrix of a chosen spectrum.
package enum SyntheticInputs: Sendable, Equatable {
    /// X [in, tokens]: near normal, neighbouring inputs correlated, the channels of different loudness.
    case activations(tokens: Int)
    /// As ``activations(tokens:)``, with one input in sixteen a thousand times louder.
    case outliers(tokens: Int)
    /// As ``activations(tokens:)``, with every fourth input silent.
    case inactive(tokens: Int)
    /// H [in, in] with eigenvalues from 1 down to 1/condition in even ratios, in directions of chance.
    case condition(Double)
    /// As ``condition(_:)`` with `rank` eigenvalues of 1 and the others zero.
    case rank(Int)
    /// H = I: the sweep is then round to nearest.
    case identity

    /// Whether these are activations, or a Gram matrix.
    package var tokens: Int? {
        switch self {
        case .activations(let tokens), .outliers(let tokens), .inactive(let tokens): tokens
        case .condition, .rank, .identity: nil
        }
    }

    /// X [in, tokens], exact in Float.
    @_specialize(where S == Float)
    @_specialize(where S == Double)
    package func activations<S: RealScalar>(_ type: S.Type, inputs: Int, seed: UInt64) -> Matrix<S> {
        let noise = SyntheticNoise(seed: seed &* 2)
        let loudness = SyntheticNoise(seed: seed &* 2 &+ 0x5eed)
        let scales = (0..<inputs).map { input in
            switch self {
            case .outliers where input % 16 == min(5, inputs - 1): return 1000.0
            case .inactive where input % 4 == 3: return 0.0
            default: return 0.25 + loudness.uniform(input)
            }
        }
        return Matrix<S>(rows: inputs, columns: tokens ?? 0) { i, t in
            let index = t * (inputs + 1) + i
            return S(Float(scales[i] * (noise.bell(index) + 0.5 * noise.bell(index + 1))))
        }
    }

    /// H [in, in], symmetric, for the kinds that are no activations.
    @_specialize(where S == Float)
    @_specialize(where S == Double)
    package func gram<S: RealScalar>(_ type: S.Type, inputs: Int, seed: UInt64) -> Matrix<S> {
        let last = Double(max(inputs - 1, 1))
        let eigenvalues = (0..<inputs).map { index -> Double in
            switch self {
            case .condition(let condition): return power(1 / condition, Double(index) / last)
            case .rank(let rank): return index < rank ? 1 : 0
            default: return 1
            }
        }
        let h = SyntheticSpectrum(eigenvalues: eigenvalues, seed: seed).matrix
        return Matrix<S>(rows: inputs, columns: inputs) { S(h[max($0, $1), min($0, $1)]) }
    }

    /// base^exponent, 0 ≤ exponent ≤ 1, to 2⁻²⁰ of the exponent, by square roots alone.
    private func power(_ base: Double, _ exponent: Double) -> Double {
        var (result, root, rest) = (exponent >= 1 ? base : 1, base, exponent >= 1 ? 0 : exponent)
        for _ in 0..<20 {
            root = root.squareRoot()
            rest *= 2
            if rest >= 1 {
                result *= root
                rest -= 1
            }
        }
        return result
    }
}
