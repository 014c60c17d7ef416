import AdaDimLinearAlgebra

/// The type in which scales are stored. They are rounded to it before anything is computed from them, so that every
/// reported loss is that of the weights as stored.
public enum ScaleType: String, Sendable, NamedChoice {
    /// 8 significant bits, the range of a `Float`.
    case bfloat16
    /// 11 significant bits, up to 65504.
    case float16
    /// 8 significant bits, in the range of float16: what bfloat16 and float16 both hold. Multiples up to the eightfold are
    /// numbers of float16, too, so that a scale times a zero point is one (GGUF's Q4_1).
    case shortFloat16 = "float16-8"
    /// 24 significant bits: nothing is rounded where the arithmetic is in `Float`.
    case float32

    /// Significant bits, the leading one included.
    @inlinable package var precision: Int {
        switch self {
        case .bfloat16: 8
        case .float16: 11
        case .shortFloat16: 8
        case .float32: 24
        }
    }

    /// Exponent of the smallest normal number.
    @inlinable package var leastExponent: Int {
        switch self {
        case .bfloat16, .float32: -126
        case .float16: -14
        // The smallest positive number is float16's, 2⁻²⁴, and has all of its significant bits three binades later.
        case .shortFloat16: -17
        }
    }

    /// The smallest positive number of the type.
    public var leastNonzeroMagnitude: Double {
        Double(sign: .plus, exponent: leastExponent - precision + 1, significand: 1)
    }

    /// The largest finite number of the type.
    @inlinable public var greatestFiniteMagnitude: Double {
        let exponent = self == .float16 || self == .shortFloat16 ? 16 : 128
        return Double(sign: .plus, exponent: exponent, significand: 1)
            - Double(sign: .plus, exponent: exponent - precision, significand: 1)
    }

    /// The nearest number of the type to a positive `value`, ties to even; infinite beyond the type's range. Once only,
    /// so the result is that of a direct conversion.
    @inlinable @inline(__always)
    package func round<S: RealScalar>(_ value: S) -> S {
        // In Float there is nothing to drop; and a subnormal Float's exponent needs no care there.
        if self == .float32 && S.self == Float.self { return value }
        guard value.isFinite && value > 0 else { return value }
        let exponent = max(Int(value.exponent), leastExponent)
        let unit = S(sign: .plus, exponent: S.Exponent(exponent - precision + 1), significand: 1)
        let rounded = (value / unit).rounded(.toNearestOrEven) * unit
        return Double(rounded) > greatestFiniteMagnitude ? .infinity : rounded
    }
}
