extension StoredFloat {
    /// A float rounded to the nearest number that this type holds.
    package func rounded(_ value: Float) -> Float {
        switch self {
        case .bfloat16: floatFromBFloat16(bfloat16FromFloat(value))
        case .float16: floatFromFloat16(float16FromFloat(value))
        case .float32: value
        }
    }

    /// A matrix with every element rounded so, in the memory of `values` if it is not shared.
    package func rounded(_ values: consuming Matrix<Float>) -> Matrix<Float> {
        if self == .float32 { return values }
        let rows = values.rows
        values.withMutableView { view in
            concurrently(view.columns, by: max(1, 16_384 / max(rows, 1))) { columns in
                for j in columns { _ = round(view.column(j), count: rows) }
            }
        }
        return values
    }

    /// Rounds numbers in place.
    /// - Returns: whether all the rounded numbers are finite.
    package func round(_ values: UnsafeMutablePointer<Float>, count: Int) -> Bool {
        // Adding one to an exponent whose bits are all set carries into the sign.
        var carries: UInt32 = 0
        switch self {
        case .bfloat16:
            for i in 0..<count {
                values[i] = floatFromBFloat16(bfloat16FromFloat(values[i]))
                carries |= values[i].bitPattern & 0x7fff_ffff &+ 0x80_0000
            }
        case .float16:
            for i in 0..<count {
                values[i] = floatFromFloat16(float16FromFloat(values[i]))
                carries |= values[i].bitPattern & 0x7fff_ffff &+ 0x80_0000
            }
        case .float32:
            for i in 0..<count { carries |= values[i].bitPattern & 0x7fff_ffff &+ 0x80_0000 }
        }
        return carries >> 31 == 0
    }
}
