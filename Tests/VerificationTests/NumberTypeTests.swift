import AdaDimLinearAlgebra
import AdaDimVerification
import Testing

/// The second path's own numbers against the first one's.
@Suite("Numbers of the second path")
struct NumberTypeTests {
    private static let pairs: [(NumberType, StoredFloat)] = [
        (.bfloat16, .bfloat16), (.float16, .float16), (.float32, .float32),
    ]

    /// Every number of 16 bits, both ways.
    @Test(arguments: [NumberType.bfloat16, .float16]) func everyNumber(_ type: NumberType) throws {
        let stored: StoredFloat = type == .bfloat16 ? .bfloat16 : .float16
        for bits in UInt16.min...UInt16.max {
            let value = type.value(ofBits: UInt32(bits))
            let expected = withUnsafeBytes(of: bits.littleEndian) { bytes in
                var result: Float = 0
                if let base = bytes.baseAddress { _ = stored.widen(base, count: 1, to: &result) }
                return result
            }
            guard value.isFinite else {
                // Sign and fraction of NaN, too; converting one sets the highest bit of its fraction.
                let quiet: UInt64 = value.isNaN ? 1 << 51 : 0
                #expect(value.bitPattern | quiet == Double(expected).bitPattern)
                continue
            }
            #expect(value == Double(expected))
            #expect(type.rounded(value) == value)
        }
    }

    @Test func rounding() {
        for (type, stored) in Self.pairs {
            var state: UInt64 = 1
            for _ in 0..<20_000 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let value = Float(bitPattern: UInt32(truncatingIfNeeded: state >> 32))
                guard value.isFinite else { continue }
                let expected = stored.rounded(value)
                #expect(type.rounded(Double(value)) == Double(expected), "\(value) as \(type)")
            }
        }
        // Ties go to the even one; beyond the range is infinite.
        #expect(
            NumberType.bfloat16.rounded(1 + 1.0 / 256) == 1
                && NumberType.bfloat16.rounded(1 + 3.0 / 256) == 1 + 1.0 / 64)
        #expect(NumberType.float16.rounded(65519) == 65504 && NumberType.float16.rounded(-65520) == -.infinity)
        #expect(NumberType.float16.rounded(3e-8) == 0x1p-24 && NumberType.float16.rounded(2.9e-8) == 0)
    }

    /// Two NaNs are the same where their bits are, of which the type with fewer bits has some.
    @Test func sameNumbers() {
        func bfloat16(_ bits: UInt32) -> Double { NumberType.bfloat16.value(ofBits: bits) }
        let type = NumberType.bfloat16
        #expect(type.areSame(1, 1 + 1.0 / 256) && !type.areSame(1, 1 + 1.0 / 128))
        #expect(type.areSame(bfloat16(0x7fc1), bfloat16(0x7fc1)) && !type.areSame(bfloat16(0x7fc1), bfloat16(0x7fc2)))
        #expect(type.areSame(bfloat16(0x7f81), bfloat16(0x7fc1)) && !type.areSame(bfloat16(0x7fc1), bfloat16(0xffc1)))
        #expect(!type.areSame(.nan, 1) && !type.areSame(1, .nan) && !type.areSame(.nan, .infinity))
        #expect(type.areSame(.infinity, .infinity) && !type.areSame(.infinity, -.infinity))
        let float = NumberType.float32.value(ofBits: 0x7fc1_0001)
        #expect(type.areSame(bfloat16(0x7fc1), float) && !NumberType.float32.areSame(bfloat16(0x7fc1), float))
        let half = NumberType.float16.value(ofBits: 0x7e01)
        #expect(NumberType.float16.areSame(half, half) && !NumberType.float16.areSame(half, .nan))
    }

    @Test func bitsOfFloat32() {
        for value: Float in [0, -1.5, 0x1.8p-140, .greatestFiniteMagnitude, 0x1p-126] {
            #expect(NumberType.float32.value(ofBits: value.bitPattern) == Double(value))
        }
        #expect(NumberType.float32.value(ofBits: 0xff80_0000) == -.infinity)
    }
}
