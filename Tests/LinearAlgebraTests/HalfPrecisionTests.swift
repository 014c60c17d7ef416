import AdaDimLinearAlgebra
import Testing

@Suite("16-bit floats")
struct HalfPrecisionTests {
    /// All 65536 patterns, against the standard library's Float16.
    @Test func float16PatternsWidenAndComeBack() {
        for pattern in UInt16.min ... .max {
            let value = floatFromFloat16(pattern)
            let expected = Float(Float16(bitPattern: pattern))
            if expected.isNaN {
                #expect(value.isNaN && value.sign == expected.sign)
                #expect(float16FromFloat(value) == pattern | 0x200)
            } else {
                #expect(value.bitPattern == expected.bitPattern)
                #expect(float16FromFloat(value) == pattern)
            }
        }
    }

    @Test func bfloat16PatternsWidenAndComeBack() {
        for pattern in UInt16.min ... .max {
            let value = floatFromBFloat16(pattern)
            #expect(value.bitPattern == UInt32(pattern) << 16)
            #expect(bfloat16FromFloat(value) == (value.isNaN ? pattern | 0x40 : pattern))
        }
    }

    /// Between neighbours a and b: just below the middle gives a, just above gives b, the middle the even one.
    @Test func tiesGoToEvenForEveryNeighbours() {
        for lower in UInt16(0)..<0x7c00 {
            // Beyond the largest finite number the neighbour would be 65536, and rounds to infinity.
            let upper = lower == 0x7bff ? Float(65536) : floatFromFloat16(lower + 1)
            let middle = (floatFromFloat16(lower) + upper) / 2
            #expect(float16FromFloat(middle.nextDown) == lower)
            #expect(float16FromFloat(middle.nextUp) == lower + 1)
            #expect(float16FromFloat(middle) == (lower.isMultiple(of: 2) ? lower : lower + 1))
            #expect(float16FromFloat(-middle.nextUp) == (lower + 1) | 0x8000)
        }
        for lower in UInt16(0)..<0x7f80 {
            let middle = Float(bitPattern: UInt32(lower) << 16 | 0x8000)
            #expect(bfloat16FromFloat(middle.nextDown) == lower)
            #expect(bfloat16FromFloat(middle.nextUp) == lower + 1)
            #expect(bfloat16FromFloat(middle) == (lower.isMultiple(of: 2) ? lower : lower + 1))
        }
    }

    @Test func overflowAndSpecialValues() {
        #expect(float16FromFloat(65519.996) == 0x7bff)
        #expect(float16FromFloat(65520) == 0x7c00)
        #expect(float16FromFloat(-1e30) == 0xfc00)
        #expect(float16FromFloat(.infinity) == 0x7c00)
        #expect(floatFromFloat16(float16FromFloat(.nan)).isNaN)
        // A signalling NaN whose payload lies in the bits that are cut off must not become infinity.
        #expect(floatFromFloat16(float16FromFloat(Float(bitPattern: 0x7f80_0001))).isNaN)
        #expect(floatFromBFloat16(bfloat16FromFloat(Float(bitPattern: 0xff80_0001))).isNaN)
        #expect(bfloat16FromFloat(.greatestFiniteMagnitude) == 0x7f80)
        #expect(bfloat16FromFloat(-.infinity) == 0xff80)
        #expect(float16FromFloat(.leastNonzeroMagnitude) == 0)
        #expect(float16FromFloat(0x1p-24) == 1 && float16FromFloat(0x1p-25) == 0)
        #expect(float16FromFloat(-0.0) == 0x8000 && bfloat16FromFloat(-0.0) == 0x8000)
    }

    /// A matrix is rounded element by element; one that somebody else holds stays as it is.
    @Test(arguments: StoredFloat.allCases) func matricesAreRounded(_ type: StoredFloat) {
        for (rows, columns) in [(0, 3), (1, 1), (37, 11), (20_000, 3)] {
            let values = Matrix<Float>(rows: rows, columns: columns) { Float($0 * 7919 + $1 * 104_729 + 1) * 0x1p-23 }
            let before = values.columnMajorElements
            let rounded = type.rounded(values)
            #expect(rounded == Matrix(rows: rows, columns: columns) { type.rounded(values[$0, $1]) })
            #expect(values.columnMajorElements == before)
        }
    }

    /// `narrow` says whether the rounded numbers are finite, `widen` whether the stored ones are.
    @Test(arguments: StoredFloat.allCases) func infinityIsReported(_ type: StoredFloat) {
        let overflowing: Float = type == .float16 ? 65520 : type == .bfloat16 ? .greatestFiniteMagnitude : .infinity
        for (value, finite) in [(1, true), (overflowing, false), (-overflowing, false), (.nan, false)]
            as [(Float, Bool)]
        {
            for position in [0, 7, 16] {
                var values = [Float](repeating: 2.5, count: 17)
                values[position] = value
                var bytes = [UInt8](repeating: 0, count: 17 * type.byteWidth + 1)
                var back = [Float](repeating: 0, count: 17)
                // One byte off, as in files whose header has an odd length.
                let narrowed = bytes.withUnsafeMutableBytes { type.narrow(values, count: 17, to: $0.baseAddress! + 1) }
                let widened = bytes.withUnsafeBytes { type.widen($0.baseAddress! + 1, count: 17, to: &back) }
                #expect(narrowed == finite && widened == finite, "\(value) at \(position)")
                #expect(back[(position + 1) % 17] == 2.5)
                if finite { #expect(back[position] == value) }
            }
        }
    }
}
