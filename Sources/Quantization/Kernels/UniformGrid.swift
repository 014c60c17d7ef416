import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// Uniform quantization of a group of weights to 2^bits codes: value = (code − zero)·scale.
///
/// Asymmetric: lo = min(w, 0), hi = max(w, 0), scale = (hi − lo)/(2^bits − 1), zero = round(−lo/scale).
/// Symmetric: scale = 2·max|w|/(2^bits − 1), zero = 2^(bits − 1).
/// Rounding is to nearest, ties to even; codes are clamped to 0 … 2^bits − 1. Zero is always a value of the grid.
/// Scales are rounded to their ``ScaleType`` before zero points and codes are found. A group of zeros has scale 1.
package struct UniformGrid: Sendable, Equatable {
    package let bits: Int
    package let isSymmetric: Bool
    package let scaleType: ScaleType
    /// How much of a group's range its grid covers.
    package let ranges: RangeRule
    /// On what lattice scales and offsets are: value = (code − zero)·scale − offset; nil for scales that stand alone.
    package let twoLevel: TwoLevelType?

    /// - Precondition: `bits` is one of ``QuantizationOptions/Grid/supportedBits``; ``QuantizationOptions`` checks what users
    ///   give.
    package init(
        bits: Int, isSymmetric: Bool = false, scaleType: ScaleType = .bfloat16, ranges: RangeRule = .full
    ) {
        let supported = QuantizationOptions.Grid.supportedBits
        precondition(supported.contains(bits), "\(bits) bits; supported are \(supported)")
        self.bits = bits
        self.isSymmetric = isSymmetric
        self.scaleType = scaleType
        self.ranges = ranges
        twoLevel = nil
    }

    /// A two-level grid. What follows from the type is as ``QuantizationOptions/Grid/twoLevel`` sets it; scales are exact.
    package init(_ type: TwoLevelType) {
        bits = type.bits
        isSymmetric = !type.hasOffsets
        scaleType = .float32
        ranges = .search
        twoLevel = type
    }

    package init(_ options: QuantizationOptions.Grid) {
        if let type = options.twoLevel {
            self.init(type)
            return
        }
        self.init(
            bits: options.bits, isSymmetric: options.isSymmetric, scaleType: options.scaleType, ranges: options.ranges)
    }

    /// The largest code, 2^bits − 1.
    package var largestCode: Int { (1 << bits) - 1 }

    /// Scale and zero point of a group whose weights are in low … high, with low ≤ 0 ≤ high. A group of zeros gets
    /// scale 1. A scale too small for its type becomes the type's smallest; one too large becomes infinite, which
    /// callers refuse.
    @inline(__always)
    func parameters<S: RealScalar>(low: S, high: S) -> (scale: S, zero: S) {
        let largest = S(largestCode)
        let middle = S(1 << (bits - 1))
        // Halves first: the difference of two large numbers must not overflow.
        let halfRange = isSymmetric ? max(-low, high) : high / 2 - low / 2
        if halfRange == 0 { return (1, isSymmetric ? middle : 0) }
        var scale = scaleType.round(halfRange / (largest / 2))
        if scale == 0 { scale = S(scaleType.leastNonzeroMagnitude) }
        if isSymmetric { return (scale, middle) }
        return (scale, min(max((-low / scale).rounded(.toNearestOrEven), 0), largest))
    }

    /// A scale changed by a share of itself, as far as its type lets it: it stays the same where the rounded change
    /// would be no closer to the requested one than no change, and where the scale would become zero or too large.
    /// - Returns: the new scale, and the change that it is, as a share of the old one.
    @inline(__always)
    func rescaled<S: RealScalar>(_ scale: S, by share: S) -> (scale: S, share: S) {
        let changed = scaleType.round(scale * (1 + share))
        guard changed > 0 && changed.isFinite else { return (scale, 0) }
        let rounded = changed / scale - 1
        return abs(rounded - share) < abs(share) ? (changed, rounded) : (scale, 0)
    }

    /// The code of each weight relative to its zero point, a whole number in −zero … largestCode − zero.
    ///
    /// Clamps first, then rounds, which is the same as the bounds are whole; rounds by adding and subtracting
    /// 1.5·2^(p−1) with p the type's significant bits, exact for such small numbers in the default rounding mode, to
    /// even on ties.
    @inline(__always)
    static func relativeCodes<S: RealScalar>(
        _ weights: SIMD8<S>, scale: SIMD8<S>, zero: SIMD8<S>, largestCode: S
    ) -> SIMD8<S> {
        let highest = SIMD8<S>(repeating: largestCode) - zero
        return rounded(pointwiseMin(pointwiseMax(weights / scale, -zero), highest))
    }

    /// Small numbers rounded to whole ones, to even on ties.
    @inline(__always)
    static func rounded<S: RealScalar>(_ numbers: SIMD8<S>) -> SIMD8<S> {
        let magic = SIMD8<S>(repeating: roundingConstant())
        return (numbers + magic) - magic
    }

    /// One weight's code relative to its zero point; the same arithmetic as for eight.
    @inline(__always)
    func relativeCode<S: RealScalar>(_ weight: S, scale: S, zero: S) -> S {
        let magic: S = Self.roundingConstant()
        let clamped = min(max(weight / scale, -zero), S(largestCode) - zero)
        return (clamped + magic) - magic
    }

    /// Codes relative to the zero point and their values (code − zero)·scale − offset, as they are stored; code 0 where the scale
    /// is zero, whose only value is −offset.
    @inline(__always)
    static func shiftedCodes<S: RealScalar>(
        _ weights: SIMD8<S>, scale: SIMD8<S>, zero: SIMD8<S>, offset: SIMD8<S>, largestCode: S
    ) -> (codes: SIMD8<S>, values: SIMD8<S>) {
        var codes = relativeCodes(weights + offset, scale: scale, zero: zero, largestCode: largestCode)
        codes.replace(with: 0, where: scale .== 0)
        var values = codes * scale - offset
        // Exact until here in Double, so that this is the one rounding.
        if S.self != Float.self { for lane in 0..<8 { values[lane] = S(Float(values[lane])) } }
        return (codes, values)
    }

    /// As ``shiftedCodes(_:scale:zero:offset:largestCode:)`` for one weight.
    @inline(__always)
    func shiftedCode<S: RealScalar>(_ weight: S, scale: S, zero: S, offset: S) -> (code: S, value: S) {
        let code = scale == 0 ? 0 : relativeCode(weight + offset, scale: scale, zero: zero)
        return (code, S(Float(code * scale - offset)))
    }

    @inline(__always)
    private static func roundingConstant<S: RealScalar>() -> S {
        S(sign: .plus, exponent: S.Exponent(S.significandBitCount - 1), significand: 3)
    }
}

/// A code as it is stored. Not a number only where the group's scale is infinite, which `GridTable.quantized` refuses.
@inline(__always)
func storedCode<S: RealScalar>(_ code: S) -> UInt8 {
    code >= 0 ? UInt8(truncatingIfNeeded: Int32(code)) : 0
}
