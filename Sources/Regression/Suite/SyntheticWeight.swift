import AdaDimLinearAlgebra

/// What a synthetic weight [out, in] is like.
package enum SyntheticWeight: Sendable, Equatable {
    /// Near normal, of size 0.02 as in trained layers.
    case normal
    /// As ``normal``, but a weight in two hundred is twenty times as large.
    case heavyTailed
    /// The same number everywhere.
    case constant(Double)
    /// Every third row zero, every fifth column zero, one row of a single sign, one with one weight that is not zero.
    case sparse
    /// As ``normal``, of another size.
    case scaled(Double)

    /// - Returns: W [out, in]. Its numbers are exact in Float, so that both arithmetics see the same.
    @_specialize(where S == Float)
    @_specialize(where S == Double)
    package func matrix<S: RealScalar>(_ type: S.Type, out: Int, in inputs: Int, seed: UInt64) -> Matrix<S> {
        let noise = SyntheticNoise(seed: seed &* 2 &+ 1)
        return Matrix<S>(rows: out, columns: inputs) { i, j in
            S(Float(element(noise, i, j, at: j * out + i)))
        }
    }

    private func element(_ noise: SyntheticNoise, _ i: Int, _ j: Int, at index: Int) -> Double {
        let normal = 0.02 * noise.bell(index)
        switch self {
        case .normal: return normal
        case .heavyTailed: return noise.bits(index) % 200 == 7 ? 20 * normal : normal
        case .constant(let value): return value
        case .scaled(let factor): return factor * normal
        case .sparse:
            if i % 3 == 1 || j % 5 == 2 { return 0 }
            if i % 7 == 3 { return abs(normal) }
            return i % 11 == 5 && j != 3 ? 0 : normal
        }
    }
}
