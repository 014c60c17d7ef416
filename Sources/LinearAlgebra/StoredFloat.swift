/// The types that weights and activations are stored in, little-endian.
public enum StoredFloat: String, Sendable, CaseIterable {
    /// Sign, 8 bits of exponent, 7 of fraction: the upper half of a `Float`.
    case bfloat16
    /// IEEE 754 half precision: sign, 5 bits of exponent, 10 of fraction.
    case float16
    /// IEEE 754 single precision, a `Float`.
    case float32

    /// Bytes of a number.
    public var byteWidth: Int { self == .float32 ? 4 : 2 }

    /// One stored number as a float; any alignment.
    func value(at source: UnsafeRawPointer) -> Float {
        switch self {
        case .bfloat16: floatFromBFloat16(source.loadUnaligned(as: UInt16.self))
        case .float16: floatFromFloat16(source.loadUnaligned(as: UInt16.self))
        case .float32: source.loadUnaligned(as: Float.self)
        }
    }

    /// Writes `count` stored numbers as floats.
    /// - Parameters:
    ///   - source: the first one, little-endian, of any alignment.
    /// - Returns: whether all are finite.
    package func widen(_ source: UnsafeRawPointer, count: Int, to target: UnsafeMutablePointer<Float>) -> Bool {
        // Adding one to an exponent whose bits are all set carries into the sign.
        var carries: UInt32 = 0
        switch self {
        case .bfloat16:
            for i in 0..<count {
                let value = floatFromBFloat16(source.loadUnaligned(fromByteOffset: 2 &* i, as: UInt16.self))
                carries |= value.bitPattern & 0x7fff_ffff &+ 0x80_0000
                target[i] = value
            }
        case .float16:
            for i in 0..<count {
                let value = floatFromFloat16(source.loadUnaligned(fromByteOffset: 2 &* i, as: UInt16.self))
                carries |= value.bitPattern & 0x7fff_ffff &+ 0x80_0000
                target[i] = value
            }
        case .float32:
            for i in 0..<count {
                let value = source.loadUnaligned(fromByteOffset: 4 &* i, as: Float.self)
                carries |= value.bitPattern & 0x7fff_ffff &+ 0x80_0000
                target[i] = value
            }
        }
        return carries >> 31 == 0
    }

    /// Writes `count` floats as stored numbers, each rounded to the nearest.
    /// - Returns: whether all the rounded numbers are finite.
    package func narrow(_ source: UnsafePointer<Float>, count: Int, to target: UnsafeMutableRawPointer) -> Bool {
        var carries: UInt32 = 0
        switch self {
        case .bfloat16:
            for i in 0..<count {
                let pattern = bfloat16FromFloat(source[i])
                carries |= UInt32(pattern & 0x7fff) &+ 0x80
                target.storeBytes(of: pattern, toByteOffset: 2 &* i, as: UInt16.self)
            }
            return carries >> 15 == 0
        case .float16:
            for i in 0..<count {
                let pattern = float16FromFloat(source[i])
                carries |= UInt32(pattern & 0x7fff) &+ 0x400
                target.storeBytes(of: pattern, toByteOffset: 2 &* i, as: UInt16.self)
            }
            return carries >> 15 == 0
        case .float32:
            for i in 0..<count {
                carries |= source[i].bitPattern & 0x7fff_ffff &+ 0x80_0000
                target.storeBytes(of: source[i], toByteOffset: 4 &* i, as: Float.self)
            }
            return carries >> 31 == 0
        }
    }
}
