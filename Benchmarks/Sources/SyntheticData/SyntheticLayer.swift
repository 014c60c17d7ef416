import AdaDim
import Dispatch

/// Seeded data of the peer's kind: normal activations with four inputs thirty times larger, weights of deviation 0.02.
/// Any panel of it can be made by itself, and is the same whichever panels were made before.
public struct SyntheticLayer: Sendable {
    private let seed: UInt64

    public init(seed: UInt64) { self.seed = seed }

    /// Some tokens' activations, [inputs, tokens.count].
    public func activations(inputs: Int, tokens: Range<Int>) -> Matrix<Float> {
        normals(rows: inputs, columns: tokens.count, stream: 0, firstKey: tokens.lowerBound) { input in
            input < 4 ? 30 : 1
        }
    }

    /// Some rows of a weight, [rows.count, columns]. Panels begin at multiples of their height.
    public func weight(rows: Range<Int>, columns: Int) -> Matrix<Float> {
        normals(rows: rows.count, columns: columns, stream: 1 + UInt64(rows.lowerBound), firstKey: 0) { _ in 0.02 }
    }

    /// Each column from a generator of its own, columns side by side on all cores.
    private func normals(
        rows: Int, columns: Int, stream: UInt64, firstKey: Int, deviation: @Sendable (Int) -> Float
    ) -> Matrix<Float> {
        let deviations = (0..<rows).map(deviation)
        let elements = [Float](unsafeUninitializedCapacity: rows * columns) { buffer, count in
            nonisolated(unsafe) let base = buffer.baseAddress
            DispatchQueue.concurrentPerform(iterations: columns) { j in
                guard let column = base.map({ $0 + j * rows }) else { return }
                var generator = SplitMix64(state: seed &+ stream &* 0x9e37 &+ UInt64(firstKey + j) &* 0x1_0000_0001)
                for i in 0..<rows { column[i] = generator.normal() * deviations[i] }
            }
            count = rows * columns
        }
        return Matrix(columnMajor: elements, rows: rows, columns: columns)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
private struct SplitMix64 {
    var state: UInt64

    /// Close to a standard normal number: the sum of eight uniform ones of 16 bits, from two draws, less its mean, over
    /// its deviation √(8/12).
    mutating func normal() -> Float {
        var sum: UInt64 = 0
        for _ in 0..<2 {
            let bits = next()
            sum += (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48)
        }
        return (Float(sum) / 65536 - 4) * 1.2247449
    }

    private mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
