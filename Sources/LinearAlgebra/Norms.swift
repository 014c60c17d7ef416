import Synchronization

extension MatrixView where Element: RealScalar {
    /// Σ of the squares of all elements, summed column by column in Double.
    package var squaredNorm: Double { sumOfSquares() }

    @_specialize(where Element == Float)
    @_specialize(where Element == Double)
    private func sumOfSquares() -> Double {
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
                let x = load8(values + i)
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

    /// The first element, down the columns, that is NaN or infinite. Columns are looked at on all threads.
    package var firstNonFinite: (row: Int, column: Int)? { findNonFinite() }

    /// The same of the elements on and below the diagonal.
    var firstNonFiniteInLowerTriangle: (row: Int, column: Int)? {
        guard firstNonFinite != nil else { return nil }
        for j in 0..<columns {
            if let i = (j..<max(rows, j)).first(where: { !self[$0, j].isFinite }) { return (i, j) }
        }
        return nil
    }

    @_specialize(where Element == Float)
    @_specialize(where Element == Double)
    private func findNonFinite() -> (row: Int, column: Int)? {
        let found = Atomic<Int>(columns)
        concurrently(columns, by: max(1, 32_768 / max(rows, 1))) { run in
            for j in run where !isFinite(column: j) {
                found.min(j, ordering: .relaxed)
                return
            }
        }
        let column = found.load(ordering: .relaxed)
        guard column < columns, let row = (0..<rows).first(where: { !self[$0, column].isFinite }) else { return nil }
        return (row, column)
    }

    @inline(__always)
    private func isFinite(column j: Int) -> Bool {
        let values = column(j)
        // 0·x is 0 for a finite x and NaN otherwise.
        var zeros = SIMD8<Element>.zero
        var i = 0
        while i < rows {
            zeros += load8(values + i, min(8, rows - i), filling: 0) * 0
            i += 8
        }
        return zeros.sum() == 0
    }
}

extension Matrix where Element: RealScalar {
    /// ‖A‖²_F, the sum of the squares of all elements, summed in Double.
    public var squaredNorm: Double { withView { $0.squaredNorm } }

    /// The place of the first element, down the columns, that is NaN or infinite; nil if all are finite.
    public var firstNonFinite: (row: Int, column: Int)? { withView { $0.firstNonFinite } }
}
