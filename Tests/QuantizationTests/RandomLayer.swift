import AdaDimLinearAlgebra

/// Seeded layers for property tests: a weight [out, in] and activations [in, tokens], some inputs much louder than
/// others.
struct RandomLayer {
    let weight: Matrix<Double>
    let activations: Matrix<Double>

    init(out: Int, in inputs: Int, tokens: Int? = nil, seed: UInt64, outliers: Double = 30) {
        var random = NormalGenerator(seed: seed &+ UInt64(out) &* 1_000_003 &+ UInt64(inputs))
        weight = Matrix(rows: out, columns: inputs) { _, _ in random.next() * 0.02 }
        // Correlated inputs: half of each token's values are a mix of the previous input's.
        var previous = 0.0
        activations = Matrix(rows: inputs, columns: tokens ?? 2 * inputs + 8) { input, _ in
            previous = 0.5 * previous + random.next()
            return previous * (input % 17 == 3 ? outliers : 1)
        }
    }

    var gram: Gram<Double> {
        get throws {
            var gram = try Gram<Double>(order: weight.columns)
            try gram.accumulate(activations)
            return gram
        }
    }
}

/// Normal deviates by summing uniform ones (Irwin–Hall of twelve), over SplitMix64.
struct NormalGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func next() -> Double {
        (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &self) }
    }
}

extension Matrix where Element == Double {
    var inFloat: Matrix<Float> { Matrix<Float>(rows: rows, columns: columns) { Float(self[$0, $1]) } }
}

extension Matrix where Element == Float {
    var inDouble: Matrix<Double> { Matrix<Double>(rows: rows, columns: columns) { Double(self[$0, $1]) } }
}

/// tr(E·H·Eᵀ) with E = W − Q and H = X·Xᵀ, as ‖E·X‖²_F by a plain product: the definition of the loss.
func definedLoss(_ weight: Matrix<Double>, _ quantized: Matrix<Double>, _ activations: Matrix<Double>) -> Double {
    let error = Matrix<Double>(rows: weight.rows, columns: weight.columns) { weight[$0, $1] - quantized[$0, $1] }
    return error.multiplied(by: activations).squaredNorm
}

/// Sizes that straddle the vectors (8), tiles (64) and blocks (128) of the engine.
let straddlingSizes = [1, 2, 3, 31, 64, 65, 127, 129, 500]
