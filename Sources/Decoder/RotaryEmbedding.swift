import AdaDimCheckpoint
import AdaDimLinearAlgebra
import Foundation

/// Rotary position embedding (Su et al., arXiv 2104.09864): feature pairs (i, i + d/2) of each head, as Hugging Face
/// lays them out, are rotated by the angle position · frequencyᵢ.
package struct RotaryEmbedding: Sendable {
    /// cos and sin of each pair's angle, a position per column, [d/2, positions].
    let cosines: Matrix<Float>
    let sines: Matrix<Float>

    package init(_ configuration: ModelConfiguration, positions: Int) {
        let frequencies = Self.frequencies(configuration)
        var cosines = Matrix<Float>(uninitialized: frequencies.count, positions)
        var sines = cosines
        cosines.withMutableView { cosines in
            sines.withMutableView { sines in
                for position in 0..<positions {
                    for (i, frequency) in frequencies.enumerated() {
                        // The angle is rounded to Float: models are trained and judged with single precision angles.
                        let angle = Double(Float(position) * frequency)
                        cosines[i, position] = Float(cos(angle))
                        sines[i, position] = Float(sin(angle))
                    }
                }
            }
        }
        self.cosines = cosines
        self.sines = sines
    }

    /// Radians per position of each pair, d/2 of them: base^(−2i/d), scaled by the configuration.
    package static func frequencies(_ configuration: ModelConfiguration) -> [Float] {
        let dimension = configuration.headDimension
        return (0..<dimension / 2).map { i in
            let frequency = pow(configuration.rotaryBase, -Double(2 * i) / Double(dimension))
            switch configuration.rotaryScaling {
            case .none: return Float(frequency)
            case .linear(let factor): return Float(frequency / factor)
            case .llama3(let factor, let lowFrequencyFactor, let highFrequencyFactor, let originalLength):
                // Turns that the pair makes within the original length: many are kept, few divided, between blended.
                let turns = Double(originalLength) * frequency / (2 * .pi)
                let kept = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor)
                let share = min(max(kept, 0), 1)
                return Float(share * frequency + (1 - share) * frequency / factor)
            }
        }
    }

    /// Rotates every head of `vectors` [heads·d, tokens] in place, column t by the angles of `positions[t]`.
    package func rotate(_ vectors: MutableMatrixView<Float>, positions: [Int]) {
        let half = cosines.rows
        precondition(
            vectors.rows % (2 * half) == 0 && vectors.columns == positions.count,
            "rotating [\(vectors.rows), \(vectors.columns)] by \(half) angles at \(positions.count) positions")
        cosines.withView { cosines in
            sines.withView { sines in
                concurrently(vectors.columns, by: max(1, 16_384 / vectors.rows)) { columns in
                    for j in columns {
                        let cosine = cosines.column(positions[j])
                        let sine = sines.column(positions[j])
                        for head in stride(from: 0, to: vectors.rows, by: 2 * half) {
                            rotateHalves(vectors.column(j) + head, cosine, sine, half)
                        }
                    }
                }
            }
        }
    }
}

/// One head's vector of 2·half features: (a, b) becomes (a·cos − b·sin, b·cos + a·sin).
@inline(__always)
private func rotateHalves(
    _ first: UnsafeMutablePointer<Float>, _ cosine: UnsafePointer<Float>, _ sine: UnsafePointer<Float>, _ half: Int
) {
    let second = first + half
    var i = 0
    while i + 8 <= half {
        let (a, b, c, s) = (Lanes(first + i), Lanes(second + i), Lanes(cosine + i), Lanes(sine + i))
        (a * c - b * s).store(to: first + i)
        (b * c + a * s).store(to: second + i)
        i += 8
    }
    while i < half {
        let (a, b) = (first[i], second[i])
        first[i] = a * cosine[i] - b * sine[i]
        second[i] = b * cosine[i] + a * sine[i]
        i += 1
    }
}
