import AdaDimLinearAlgebra

/// The type in which scales are stored. They are rounded to it before anything is computed from them, so that every
/// reported loss is that of the weights as stored.
public enum ScaleType: String, Sendable, NamedChoice {
    /// 8 significant bits, the range of a `Float`.
    case bfloat16
    /// 11 significant bits, up to 65504.
    case float16
    /// 24 significant bits: nothing is rounded where the arithmetic is in `Float`.
    case float32

    /// Significant bits, the leading one included.
    @inlinable package var precision: Int {
        switch self {
        case .bfloat16: 8
        case .float16: 11
        case .float32: 24
        }
    }

    /// Exponent of the smallest normal number.
    @inlinable package var leastExponent: Int { self == .float16 ? -14 : -126 }

    /// The smallest positive number of the type.
    public var leastNonzeroMagnitude: Double {
        Double(sign: .plus, exponent: leastExponent - precision + 1, significand: 1)
    }

    /// The largest finite number of the type.
    @inlinable public var greatestFiniteMagnitude: Double {
        let largest = Double(sign: .plus, exponent: self == .float16 ? 16 : 128, significand: 1)
        return largest - Double(sign: .plus, exponent: (self == .float16 ? 16 : 128) - precision, significand: 1)
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
