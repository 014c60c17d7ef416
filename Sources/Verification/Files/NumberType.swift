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
        return Double(sign: .plus, exponent: exponent, significand: 1)
            - Double(sign: .plus, exponent: exponent - precision, significand: 1)
    }

    /// The number of some bits, the low ones of `bits`: sign, exponent, fraction.
    package func value(ofBits bits: UInt32) -> Double {
        let fractionBits = precision - 1
        let exponentBits = bytes * 8 - 1 - fractionBits
        let fraction = Double(bits & (1 << UInt32(fractionBits) - 1))
        let field = Int(bits >> UInt32(fractionBits)) & (1 << exponentBits - 1)
        let sign: FloatingPointSign = bits >> UInt32(bytes * 8 - 1) & 1 == 1 ? .minus : .plus
        if field == 1 << exponentBits - 1 {
            if fraction != 0 { return .nan }
            return sign == .minus ? -.infinity : .infinity
        }
        let unit = max(field, 1) - (1 << (exponentBits - 1) - 1) - fractionBits
        let whole = field == 0 ? fraction : fraction + Double(1 << fractionBits)
        return Double(sign: sign, exponent: unit, significand: whole)
    }

    /// The nearest number of the type, ties to even; infinite beyond its range.
    package func rounded(_ value: Double) -> Double {
        guard value.isFinite, value != 0 else { return value }
        let exponent = max(Int(value.exponent), leastExponent)
        let unit = Double(sign: .plus, exponent: exponent - precision + 1, significand: 1)
        let result = (value / unit).rounded(.toNearestOrEven) * unit
        return abs(result) > largest ? (value < 0 ? -.infinity : .infinity) : result
    }
}
