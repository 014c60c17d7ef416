import AdaDimLinearAlgebra
import Testing

/// A = V·Vᵀ with V upper triangular, on both sides of the order at which LAPACK takes over (256).
@Suite struct ReverseCholeskyTests {
    static let orders = [1, 2, 7, 255, 256, 257, 511, 513, 600, 770]

    /// V with a diagonal of 2 … 3 and small elements off it: A's condition stays near one.
    private func knownFactor<S: RealScalar>(_ n: Int, _: S.Type) -> Matrix<S> {
        Matrix(rows: n, columns: n) { i, j in
            i == j ? 2 + S(i % 5) / 4 : i < j ? S((i * 7 + j * 3) % 9 - 4) / S(8 * n) : 0
        }
    }

    private func check<S: RealScalar>(order n: Int, _ type: S.Type) throws {
        let known = knownFactor(n, type)
        let symmetric = known.multiplied(by: known, .transposed)
        // The strict lower triangle must survive, and must not be read.
        var a = Matrix<S>(rows: n, columns: n) { $0 <= $1 ? symmetric[$0, $1] : -77 }
        var flops = 0.0
        try a.withMutableView { view in try reverseCholesky(view) { flops += $0 } }
        var largest: S = 0
        for j in 0..<n {
            for i in 0..<n where i <= j { largest = max(largest, abs(a[i, j] - known[i, j])) }
            for i in j + 1..<max(n, j + 1) { #expect(a[i, j] == -77) }
        }
        // Higham, Accuracy and Stability, theorem 10.3: backward error (n + 1)·eps·|V||Vᵀ|, here below
        // 2·(n + 1)·eps·10; a condition below 10 carries it to V.
        #expect(largest <= 200 * S(n + 1) * S.ulpOfOne)
        let expected = Double(n) * Double(n) * Double(n) / 3
        #expect(abs(flops - expected) <= 1e-9 * expected)
    }

    @Test(arguments: orders) func factorIsFound(_ n: Int) throws {
        try check(order: n, Float.self)
        try check(order: n, Double.self)
    }

    /// One pivot is made negative, in any block; the factorization runs from the last to the first, so the
    /// error names the largest such index.
    @Test(arguments: [(600, 599), (600, 344), (600, 343), (600, 100), (600, 0), (5, 2)])
    func failingPivotIsNamed(_ n: Int, _ pivot: Int) {
        var a = Matrix<Double>(rows: n, columns: n) { $0 == $1 ? ($0 == pivot || $0 == pivot / 2 ? -1 : 4) : 0.001 }
        #expect(throws: FactorizationError.notPositiveDefinite(pivot: pivot, order: n)) {
            try a.withMutableView { try reverseCholesky($0) }
        }
    }

    @Test func nothingToFactor() throws {
        var a = Matrix<Double>(repeating: 0, rows: 0, columns: 0)
        try a.withMutableView { try reverseCholesky($0) }
    }
}
