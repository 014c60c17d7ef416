/// Eight floats side by side: what the elementwise kernels of this module work on.
@usableFromInline
package typealias Lanes = SIMD8<Float>

/// eˣ in each lane for x ≤ 0, within 2 units in the last place of the exact value; 0 below −87.33, where the result
/// would leave the normal range; NaN for NaN. Softmax, its logarithm and SiLU need no other arguments.
///
/// x = n·ln 2 + r with n whole and |r| ≤ ½ ln 2 + 2⁻²⁰, then eˣ = 2ⁿ·eʳ with eʳ by its Taylor polynomial of degree 7:
/// what that leaves out is at most |r|⁸/8!·(1 + |r|/8) < 6·10⁻⁹ of eʳ, a tenth of half a unit in the last place.
/// Plain products and sums: a fused one is a function call on CPUs without the instruction.
@inlinable
@inline(__always)
package func exponential(nonPositive x: Lanes) -> Lanes {
    // Adding 1.5·2²³ leaves no room for a fraction: the sum is rounded to a whole number, which its low bits spell.
    let wholeMaker = Lanes(repeating: 12_582_912)
    let shifted = x * 1.442_695_04 + wholeMaker
    let n = shifted - wholeMaker
    // ln 2 in two parts. The first has 9 significant bits, so that its product with n (at most 7 bits) is exact.
    let r = (x - n * 0.693_359_375) + n * 2.121_944_4e-4

    var series = r * (1 / 5040) + (1 / 720)
    series = series * r + (1 / 120)
    series = series * r + (1 / 24)
    series = series * r + (1 / 6)
    series = series * r + 0.5
    let power = (series * (r * r) + r) + 1

    let whole = SIMD8<UInt32>(bitsOf: shifted) &- SIMD8<UInt32>(bitsOf: wholeMaker)
    let scale = Lanes(bits: (whole &+ 127) &<< 23)
    return (power * scale).replacing(with: 0, where: x .< -87.33)
}

extension SIMD8<UInt32> {
    @inlinable
    @inline(__always)
    package init(bitsOf lanes: Lanes) { self = unsafeBitCast(lanes, to: SIMD8<UInt32>.self) }
}

extension Lanes {
    @inlinable
    @inline(__always)
    package init(bits: SIMD8<UInt32>) { self = unsafeBitCast(bits, to: Lanes.self) }

    /// The eight floats from `source` on.
    @inlinable
    @inline(__always)
    package init(_ source: UnsafePointer<Float>) {
        self = UnsafeRawPointer(source).loadUnaligned(as: Lanes.self)
    }

    /// The first `count` floats from `source` on, fewer than eight, then `filler`.
    @inlinable
    package init(_ source: UnsafePointer<Float>, count: Int, filler: Float) {
        self.init(repeating: filler)
        for lane in 0..<count { self[lane] = source[lane] }
    }

    @inlinable
    @inline(__always)
    package func store(to target: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(target).storeBytes(of: self, as: Lanes.self)
    }

    /// Stores the first `count` lanes, fewer than eight.
    @inlinable
    package func store(to target: UnsafeMutablePointer<Float>, count: Int) {
        for lane in 0..<count { target[lane] = self[lane] }
    }
}
