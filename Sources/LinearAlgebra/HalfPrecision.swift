// Between 32-bit floats and the two 16-bit types, in integer operations without branches, so that the loops over them
// vectorize on any x86-64 or ARM. Rounding is to nearest, ties to even. Bit patterns in and out:
//
//     bf16   sign 1, exponent 8, fraction 7      the upper half of a float
//     f16    sign 1, exponent 5, fraction 10     its exponent counts from 15, a float's from 127

/// The float of a bf16 pattern; exact.
@inline(__always)
package func floatFromBFloat16(_ pattern: UInt16) -> Float { Float(bitPattern: UInt32(pattern) << 16) }

/// The bf16 pattern nearest to a float. Beyond the largest finite bf16 it is infinity; NaN stays NaN, made quiet.
@inline(__always)
package func bfloat16FromFloat(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let rounded = (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16
    let quiet = bits >> 16 | 0x40
    return UInt16(truncatingIfNeeded: bits & 0x7fff_ffff > 0x7f80_0000 ? quiet : rounded)
}

/// The float of an f16 pattern; exact.
@inline(__always)
package func floatFromFloat16(_ pattern: UInt16) -> Float {
    let magnitude = UInt32(pattern & 0x7fff)
    let sign = UInt32(pattern & 0x8000) << 16
    // 112 = 127 − 15 moves the exponent; infinity and NaN have all its bits set.
    let normal = (magnitude << 13) &+ (112 << 23)
    let special = magnitude << 13 | 0x7f80_0000
    // A subnormal is a multiple of 2⁻²⁴, hence an exact product.
    let subnormal = (Float(Int32(bitPattern: magnitude)) * 0x1p-24).bitPattern
    let result = magnitude < 0x400 ? subnormal : magnitude >= 0x7c00 ? special : normal
    return Float(bitPattern: result | sign)
}

/// The f16 pattern nearest to a float. From 65520 on it is infinity; NaN stays NaN, made quiet.
@inline(__always)
package func float16FromFloat(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let magnitude = bits & 0x7fff_ffff
    let sign = bits >> 16 & 0x8000
    // A carry out of the fraction raises the exponent, which is right, up to infinity.
    let normal = (magnitude &- (112 << 23) &+ 0xfff &+ (magnitude >> 13 & 1)) >> 13
    // Added to 0.5, whose last place is 2⁻²⁴, the sum is rounded to a multiple of an f16 subnormal's unit.
    let subnormal = (Float(bitPattern: magnitude) + 0.5).bitPattern &- Float(0.5).bitPattern
    let finite = magnitude < 0x3880_0000 ? subnormal : magnitude >= 0x4780_0000 ? 0x7c00 : normal
    let quiet = 0x7e00 | magnitude >> 13 & 0x3ff
    return UInt16(truncatingIfNeeded: (magnitude > 0x7f80_0000 ? quiet : finite) | sign)
}
