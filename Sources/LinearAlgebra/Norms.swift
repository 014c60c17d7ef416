extension MatrixView where Element: RealScalar {
    /// Σ of the squares of all elements, summed column by column in Double.
    package var squaredNorm: Double {
        var sum = 0.0
        for j in 0..<columns { sum += squaredNorm(column: j) }
        return sum
    }

    /// Σ of the squares of a column's elements. Eight running sums in the element's type over runs of at most 256 rows,
    /// added up in Double: the error of a run is below 32·eps.
    @_specialize(where Element == Float)
    @_specialize(where Element == Double)
    package func squaredNorm(column j: Int) -> Double {
        let values = column(j)
        var sum = 0.0
        var i = 0
        while i < rows {
            let end = Swift.min(i + 256, rows)
            var lanes = SIMD8<Element>.zero
            while i + 8 <= end {
                let x = UnsafeRawPointer(values + i).loadUnaligned(as: SIMD8<Element>.self)
                lanes += x * x
                i += 8
            }
            for lane in 0..<8 { sum += Double(lanes[lane]) }
            while i < end {
                let x = Double(values[i])
                sum += x * x
                i += 1
            }
        }
        return sum
    }

    /// The first element, down the columns, that is NaN or infinite.
    package var firstNonFinite: (row: Int, column: Int)? { findNonFinite() }

    @_specialize(where Element == Float)
    @_specialize(where Element == Double)
    private func findNonFinite() -> (row: Int, column: Int)? {
        for j in 0..<columns {
            let values = column(j)
            // x - x is zero for a finite x and NaN otherwise: a sum that is not zero says that the column holds one.
            var sum = Element.zero
            for i in 0..<rows { sum += values[i] - values[i] }
            guard sum != 0 else { continue }
            for i in 0..<rows where !values[i].isFinite { return (i, j) }
        }
        return nil
    }
}

extension Matrix where Element: RealScalar {
    /// ‖A‖²_F.
    public var squaredNorm: Double { withView { $0.squaredNorm } }

    /// The first element, down the columns, that is NaN or infinite.
    public var firstNonFinite: (row: Int, column: Int)? { withView { $0.firstNonFinite } }
}
