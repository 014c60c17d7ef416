import AdaDimLinearAlgebra
import Synchronization

/// Whether a matrix [in, in] can be a Gram matrix, judged by its elements. Column i of the matrix is row i of the file;
/// problems give the file's indices.
struct SymmetryCheck {
    let matrix: MatrixView<Float>

    /// How far two mirrored elements may differ, as a share of the geometric mean of their diagonal elements.
    ///
    /// Each is a sum of T products, at most that mean by Cauchy and Schwarz. Rounding errors of such a sum in Float
    /// behave like a random walk, √T·2⁻²⁴ of it; two sums differ by twice as much, which stays below 2⁻¹⁰ up to 2²⁶
    /// tokens.
    static let tolerance: Float = 0x1p-10

    /// The first thing that is wrong, row after row of the file; NaN before asymmetry.
    var problem: LayerFileError.Problem? {
        if let (i, j) = firstPair({ i, j in !matrix[j, i].isFinite || !matrix[i, j].isFinite }) {
            let (row, column) = matrix[j, i].isFinite ? (j, i) : (i, j)
            return .notFinite(tensor: "gram", value: Double(matrix[column, row]), index: [row, column])
        }
        for i in 0..<matrix.columns where matrix[i, i] < 0 {
            return .negativeDiagonal(input: i, value: matrix[i, i])
        }
        // √Hᵢᵢ·√Hⱼⱼ cannot overflow where Hᵢᵢ·Hⱼⱼ would.
        let roots = (0..<matrix.columns).map { matrix[$0, $0].squareRoot() }
        if !roots.contains(where: { $0 > 0 }) { return .zeroGram }
        let apart = firstPair { i, j in
            abs(matrix[j, i] - matrix[i, j]) > Self.tolerance * roots[i] * roots[j]
        }
        guard let (i, j) = apart else { return nil }
        return .notSymmetric(
            row: i, column: j, values: [matrix[j, i], matrix[i, j]], allowed: Self.tolerance * roots[i] * roots[j])
    }

    /// The first pair i ≤ j for which `isWrong` is true: the smallest i, then the smallest j. Goes over all of them in
    /// tiles, because two mirrored elements are far apart in memory.
    private func firstPair(_ isWrong: @Sendable (_ i: Int, _ j: Int) -> Bool) -> (Int, Int)? {
        let found = Mutex<(Int, Int)?>(nil)
        let (order, tile) = (matrix.columns, 64)
        withoutActuallyEscaping(isWrong) { isWrong in
            concurrently(order, by: tile) { rows in
                var first: (Int, Int)?
                for start in stride(from: rows.lowerBound, to: order, by: tile) {
                    for i in rows {
                        for j in max(i, start)..<max(i, min(start + tile, order)) where isWrong(i, j) {
                            first = min(first ?? (i, j), (i, j), by: <)
                        }
                    }
                }
                if let first { found.withLock { $0 = min($0 ?? first, first, by: <) } }
            }
        }
        return found.withLock { $0 }
    }
}

/// The lesser of two values by an order that they do not declare.
private func min<Value>(_ a: Value, _ b: Value, by isLess: (Value, Value) -> Bool) -> Value { isLess(b, a) ? b : a }
