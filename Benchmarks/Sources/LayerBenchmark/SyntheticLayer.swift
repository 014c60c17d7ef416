import AdaDim

/// Seeded data of the peer's kind: normal activations with four inputs thirty times larger, weights of deviation 0.02.
struct SyntheticLayer {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func activations(inputs: Int, tokens: Int) -> Matrix<Float> {
        Matrix(rows: inputs, columns: tokens) { input, _ in normal() * (input < 4 ? 30 : 1) }
    }

    mutating func weight(rows: Int, columns: Int) -> Matrix<Float> {
        Matrix(rows: rows, columns: columns) { _, _ in normal() * 0.02 }
    }

    /// Close to a standard normal number: the sum of twelve uniform ones less six, four 16-bit ones from each of three draws.
    private mutating func normal() -> Float {
        var sum: Float = 0
        for _ in 0..<3 {
            let bits = next()
            for shift in [0, 16, 32, 48] as [UInt64] { sum += Float((bits >> shift) & 0xffff) }
        }
        return sum / 65536 - 6
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    private mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
