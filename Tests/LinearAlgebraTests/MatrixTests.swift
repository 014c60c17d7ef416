import AdaDimLinearAlgebra
import Testing

@Suite struct MatrixTests {
    @Test func elementsAreColumnMajor() {
        let a = Matrix<Float>(rowMajor: [1, 2, 3, 4, 5, 6], rows: 2, columns: 3)
        #expect(a.columnMajorElements == [1, 4, 2, 5, 3, 6])
        #expect(a[1, 2] == 6)
        #expect(a.transposed().columnMajorElements == [1, 2, 3, 4, 5, 6])
        #expect(a.rowMajorElements == [1, 2, 3, 4, 5, 6])
    }

    @Test func copiesAreValues() {
        let a = Matrix<Double>(repeating: 1, rows: 3, columns: 3)
        var b = a
        b[0, 0] = 5
        b.withMutableView { $0[2, 2] = 7 }
        #expect(a == Matrix(repeating: 1, rows: 3, columns: 3))
        #expect(b[0, 0] == 5 && b[2, 2] == 7)
    }

    @Test func memoryIsAligned() {
        for count in [1, 3, 64, 1000] {
            Matrix<Float>(repeating: 0, rows: count, columns: 1).withView {
                #expect(UInt(bitPattern: $0.base) % 64 == 0)
            }
        }
    }

    @Test(arguments: [(1, 1), (3, 65), (64, 32), (127, 129)])
    func transpositionIsExact(_ shape: (Int, Int)) {
        let a = Matrix<Double>(rows: shape.0, columns: shape.1) { Double($0 * 1000 + $1) }
        let t = a.transposed()
        #expect(t == Matrix(rows: shape.1, columns: shape.0) { Double($1 * 1000 + $0) })
    }

    @Test(arguments: [1, 2, 3, 64, 255, 256, 257, 511, 513, 775])
    func trianglesMirror(_ n: Int) {
        let a = Matrix<Float>(rows: n, columns: n) { Float($0 * n + $1) }
        var lower = a
        lower.withMutableView { $0.mirrorLowerTriangle() }
        #expect(lower == Matrix(rows: n, columns: n) { Float(max($0, $1) * n + min($0, $1)) })
    }

    @Test func nonFiniteElementsAreFound() {
        var a = Matrix<Float>(repeating: .greatestFiniteMagnitude, rows: 40, columns: 3)
        #expect(a.firstNonFinite == nil)
        a[33, 1] = .nan
        a[2, 2] = .infinity
        #expect(a.firstNonFinite! == (33, 1))
    }

    @Test func normsSumInDouble() {
        let a = Matrix<Float>(repeating: 0.1, rows: 1001, columns: 77)
        let expected = Double(Float(0.1)) * Double(Float(0.1)) * 77077
        // A lane's run of 32 squares in Float: 32 roundings of half an eps at most.
        #expect(abs(a.squaredNorm - expected) <= 32 * Double(Float.ulpOfOne) * expected)
    }
}
