/// Numbers that a seed and an index determine, on every machine alike: SplitMix64 (Steele, Lea and Flood, 2014), and
/// arithmetic that IEEE 754 rounds correctly; no library function takes part.
package struct SyntheticNoise: Sendable {
    private let seed: UInt64

    package init(seed: UInt64) { self.seed = Self.mixed(seed &+ Self.step) }

    private static let step: UInt64 = 0x9e37_79b9_7f4a_7c15

    private static func mixed(_ state: UInt64) -> UInt64 {
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// The bits of an index: the same at any time, so matrices can be filled in any order.
    package func bits(_ index: Int) -> UInt64 {
        Self.mixed(seed &+ UInt64(truncatingIfNeeded: index &+ 1) &* Self.step)
    }

    /// Even in 0 ..< 1.
    package func uniform(_ index: Int) -> Double { Double(bits(index) >> 11) * 0x1p-53 }

    /// Mean 0, variance 1, close to normal: the sum of four even numbers of 16 bits. No value is beyond 3.5.
    package func bell(_ index: Int) -> Double {
        let bits = bits(index)
        let sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48)
        // Four times the variance of an even whole number below m is (m² − 1)/3.
        return (Double(sum) - 2 * 65535) / Self.deviation
    }

    private static let deviation = ((65536.0 * 65536.0 - 1) / 3).squareRoot()
}
