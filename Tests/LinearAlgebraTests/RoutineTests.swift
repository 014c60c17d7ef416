import AdaDimLinearAlgebra
import Testing

/// Every wrapper against plain loops in Double, both scalar types, every triangle, side and transposition, on windows
/// whose leading dimension is larger than their height.
@Suite struct RoutineTests {
    /// A window [rows, columns] into a larger matrix of small whole numbers, and the same numbers by themselves.
    private func sample<S: RealScalar>(_ rows: Int, _ columns: Int, _ seed: Int, _: S.Type) -> Matrix<S> {
        Matrix(rows: rows, columns: columns) { i, j in S((i * 7 + j * 3 + seed * 5 + i * j) % 9 - 4) }
    }

    private func product<S: RealScalar>(_ a: Matrix<S>, _ b: Matrix<S>) -> Matrix<S> {
        Matrix(rows: a.rows, columns: b.columns) { i, j in (0..<a.columns).reduce(S(0)) { $0 + a[i, $1] * b[$1, j] } }
    }

    private func op<S: RealScalar>(_ transpose: Transpose, _ a: Matrix<S>) -> Matrix<S> {
        transpose == .none ? a : a.transposed()
    }

    /// Runs `body` on a window that holds `matrix` inside a padded one; returns the window, and checks that padding
    /// survives.
    private func padded<S: RealScalar>(_ matrix: Matrix<S>, _ body: (MutableMatrixView<S>) throws -> Void) rethrows
        -> Matrix<S>
    {
        var outer = Matrix<S>(repeating: 99, rows: matrix.rows + 3, columns: matrix.columns + 2)
        try outer.withMutableView { view in
            let window = view[rows: 1..<matrix.rows + 1, columns: 1..<matrix.columns + 1]
            matrix.withView { window.copy(from: $0) }
            try body(window)
        }
        for j in 0..<outer.columns {
            for i in 0..<outer.rows where i < 1 || i > matrix.rows || j < 1 || j > matrix.columns {
                #expect(outer[i, j] == 99, "padding at [\(i), \(j)]")
            }
        }
        return Matrix(rows: matrix.rows, columns: matrix.columns) { outer[$0 + 1, $1 + 1] }
    }

    // Whole numbers this small are exact in both types, so products compare for equality.

    private func checkProducts<S: RealScalar>(_ type: S.Type) {
        let (m, n, k) = (5, 7, 4)
        for ta in [Transpose.none, .transposed] {
            for tb in [Transpose.none, .transposed] {
                let a = ta == .none ? sample(m, k, 1, type) : sample(k, m, 1, type)
                let b = tb == .none ? sample(k, n, 2, type) : sample(n, k, 2, type)
                let c = sample(m, n, 3, type)
                let expected = product(op(ta, a), op(tb, b))
                let result = padded(c) { c in a.withView { a in b.withView { gemm(2, a, ta, $0, tb, -1, c) } } }
                #expect(result == Matrix(rows: m, columns: n) { 2 * expected[$0, $1] - c[$0, $1] })
                #expect(a.multiplied(ta, by: b, tb) == expected)
            }
            let a = ta == .none ? sample(m, k, 4, type) : sample(k, m, 4, type)
            let c = sample(m, m, 5, type)
            let full = product(op(ta, a), op(ta, a).transposed())
            for triangle in [Triangle.lower, .upper] {
                let result = padded(c) { c in a.withView { syrk(triangle, 1, $0, ta, 2, c) } }
                #expect(
                    result
                        == Matrix(rows: m, columns: m) { i, j in
                            (triangle == .lower ? i >= j : i <= j) ? full[i, j] + 2 * c[i, j] : c[i, j]
                        })
            }
        }
    }

    private func checkSymmetricAndTriangular<S: RealScalar>(_ type: S.Type) {
        let (m, n) = (4, 6)
        for triangle in [Triangle.lower, .upper] {
            for side in [Side.left, .right] {
                let order = side == .left ? m : n
                let stored = sample(order, order, 6, type)
                let inTriangle = { (i: Int, j: Int) in triangle == .lower ? i >= j : i <= j }
                let symmetric = Matrix<S>(rows: order, columns: order) {
                    inTriangle($0, $1) ? stored[$0, $1] : stored[$1, $0]
                }
                let b = sample(m, n, 7, type)
                let c = sample(m, n, 8, type)
                let full = side == .left ? product(symmetric, b) : product(b, symmetric)
                let result = padded(c) { c in
                    stored.withView { a in b.withView { symm(side, triangle, 1, a, $0, 1, c) } }
                }
                #expect(result == Matrix(rows: m, columns: n) { full[$0, $1] + c[$0, $1] })

                for diagonal in [Diagonal.stored, .unit] {
                    for transpose in [Transpose.none, .transposed] {
                        let factor = Matrix<S>(rows: order, columns: order) { i, j in
                            i == j ? (diagonal == .unit ? 1 : S(1 << (i % 3))) : inTriangle(i, j) ? stored[i, j] : 0
                        }
                        // What the routine must not read: the other triangle, and the diagonal if it is a unit one.
                        let given = Matrix<S>(rows: order, columns: order) { i, j in
                            i == j ? (diagonal == .unit ? 50 : factor[i, j]) : inTriangle(i, j) ? factor[i, j] : 77
                        }
                        let expected =
                            side == .left ? product(op(transpose, factor), b) : product(b, op(transpose, factor))
                        let multiplied = padded(b) { b in
                            given.withView { trmm(side, triangle, transpose, diagonal, 1, $0, b) }
                        }
                        #expect(multiplied == expected)
                        // Solving takes it back; powers of two on the diagonal keep every step exact.
                        let solved = padded(multiplied) { b in
                            given.withView { trsm(side, triangle, transpose, diagonal, 1, $0, b) }
                        }
                        #expect(solved == b)
                    }
                }
            }
        }
    }

    private func checkFactorizations<S: RealScalar>(_ type: S.Type) throws {
        let n = 6
        let inTriangle = { (triangle: Triangle, i: Int, j: Int) in triangle == .lower ? i >= j : i <= j }
        for triangle in [Triangle.lower, .upper] {
            // A = L·Lᵀ with a known factor of whole numbers: potrf finds it exactly up to a few roundings.
            let factor = Matrix<S>(rows: n, columns: n) { i, j in
                i == j ? S(2 + i % 2) : inTriangle(triangle, i, j) ? S((i + 2 * j) % 3 - 1) : 0
            }
            let a = triangle == .lower ? product(factor, factor.transposed()) : product(factor.transposed(), factor)
            let poisoned = Matrix<S>(rows: n, columns: n) { inTriangle(triangle, $0, $1) ? a[$0, $1] : 123 }
            let found = try padded(poisoned) { try potrf(triangle, $0) }
            // The factor's sensitivity: n·eps·cond(A), and cond(A) < 5000 here.
            let bound = S(n) * S.ulpOfOne * 5000
            for i in 0..<n {
                for j in 0..<n {
                    #expect(inTriangle(triangle, i, j) ? abs(found[i, j] - factor[i, j]) <= bound : found[i, j] == 123)
                }
            }
            let inverse = try padded(found) { try potri(triangle, $0) }
            let whole = Matrix<S>(rows: n, columns: n) {
                inTriangle(triangle, $0, $1) ? inverse[$0, $1] : inverse[$1, $0]
            }
            let unit = product(whole, a)
            let triangular = try padded(factor) { try trtri(triangle, .stored, $0) }
            let triangularUnit = product(triangular, factor)
            for i in 0..<n {
                for j in 0..<n {
                    #expect(abs(unit[i, j] - (i == j ? 1 : 0)) <= bound * 10)
                    #expect(abs(triangularUnit[i, j] - (i == j ? 1 : 0)) <= bound)
                }
            }
        }
    }

    @Test func productsInFloat() { checkProducts(Float.self) }
    @Test func productsInDouble() { checkProducts(Double.self) }
    @Test func symmetricAndTriangularProductsInFloat() { checkSymmetricAndTriangular(Float.self) }
    @Test func symmetricAndTriangularProductsInDouble() { checkSymmetricAndTriangular(Double.self) }
    @Test func factorizationsInFloat() throws { try checkFactorizations(Float.self) }
    @Test func factorizationsInDouble() throws { try checkFactorizations(Double.self) }

    @Test func indefiniteMatricesAreRefusedWithTheirPivot() {
        var a = Matrix<Double>(rows: 5, columns: 5) { $0 == $1 ? 1 : 0 }
        a[3, 3] = -1
        #expect(throws: FactorizationError.notPositiveDefinite(pivot: 3, order: 5)) {
            try a.withMutableView { try potrf(.lower, $0) }
        }
        var b = Matrix<Float>(rows: 4, columns: 4) { $0 == $1 ? 1 : 0 }
        b[1, 1] = .nan
        #expect(throws: FactorizationError.notPositiveDefinite(pivot: 1, order: 4)) {
            try b.withMutableView { try potrf(.upper, $0) }
        }
        var c = Matrix<Float>(rows: 4, columns: 4) { $0 == $1 && $0 != 2 ? 1 : 0 }
        #expect(throws: FactorizationError.singular(pivot: 2, order: 4)) {
            try c.withMutableView { try trtri(.upper, .stored, $0) }
        }
    }

    @Test func emptyMatricesAreNoTrouble() throws {
        var empty = Matrix<Float>(repeating: 0, rows: 0, columns: 0)
        try empty.withMutableView { try potrf(.lower, $0) }
        let tall = Matrix<Float>(repeating: 1, rows: 3, columns: 0)
        #expect(tall.multiplied(by: tall, .transposed) == Matrix(repeating: 0, rows: 3, columns: 3))
    }

    @Test func everyJobRunsOnce() {
        for threads in [1, 2] {
            let before = BLASLibrary.threadCount
            BLASLibrary.threadCount = threads
            defer { BLASLibrary.threadCount = before }
            var seen = Matrix<Int>(repeating: 0, rows: 1000, columns: 1)
            seen.withMutableView { view in concurrently(1000, by: 7) { for i in $0 { view[i, 0] += 1 } } }
            #expect(seen == Matrix(repeating: 1, rows: 1000, columns: 1))
        }
    }
}
