/// A type that weights are stored or loaded in, with its own decoding and rounding: nothing here is shared with the rest of the
/// program, so that a mistake there is not made twice.
package enum NumberType: String, Sendable {
    case bfloat16 = "BF16"
    case float16 = "F16"
    case float32 = "F32"

    package var bytes: Int { self == .float32 ? 4 : 2 }

    /// Significant bits, the leading one included.
    package var precision: Int {
        switch self {
        case .bfloat16: 8
        case .float16: 11
        case .float32: 24
        }
    }

    /// Exponent of the smallest normal number.
    private var leastExponent: Int { self == .float16 ? -14 : -126 }

    private var largest: Double {
        let exponent = self == .float16 ? 16 : 128
        return Self.power(exponent) - Self.power(exponent - precision)
    }

    /// The number of some bits, the low ones of `bits`: sign, exponent, fraction. NaN keeps its bits.
    package func value(ofBits bits: UInt32) -> Double {
        let fractionBits = precision - 1
        let exponentBits = bytes * 8 - 1 - fractionBits
        let fraction = bits & (1 << UInt32(fractionBits) - 1)
        let field = Int(bits >> UInt32(fractionBits)) & (1 << exponentBits - 1)
        let isNegative = bits >> UInt32(bytes * 8 - 1) & 1 == 1
        if field == 1 << exponentBits - 1 {
            let magnitude = Double.infinity.bitPattern | UInt64(fraction) << UInt64(52 - fractionBits)
            return Double(bitPattern: magnitude | (isNegative ? 1 << 63 : 0))
        }
        let unit = max(field, 1) - (1 << (exponentBits - 1) - 1) - fractionBits
        let whole = Double(field == 0 ? fraction : fraction | 1 << UInt32(fractionBits))
        return whole * (isNegative ? -Self.power(unit) : Self.power(unit))
    }

    /// 2 to some power, from -1022 to 1023.
    private static func power(_ exponent: Int) -> Double {
        Double(bitPattern: UInt64(exponent + 1023) << 52)
    }

    /// The nearest number of the type, ties to even; infinite beyond its range.
    package func rounded(_ value: Double) -> Double {
        guard value.isFinite, value != 0 else { return value }
        let exponent = max(Int(value.exponent), leastExponent)
        let unit = Self.power(exponent - precision + 1)
        let result = (value / unit).rounded(.toNearestOrEven) * unit
        return abs(result) > largest ? (value < 0 ? -.infinity : .infinity) : result
    }

    /// Whether two numbers are the same after rounding to this type. Two NaNs are where their bits are, as many as the type has;
    /// the highest bit of a fraction does not count, which processors set in NaNs that they convert.
    package func areSame(_ one: Double, _ other: Double) -> Bool {
        if one == other { return true }
        guard one.isNaN && other.isNaN else { return rounded(one) == rounded(other) }
        let fraction: UInt64 = 1 << 51 - 1 << UInt64(53 - precision)
        return (one.bitPattern ^ other.bitPattern) & (fraction | 1 << 63) == 0
    }
}
