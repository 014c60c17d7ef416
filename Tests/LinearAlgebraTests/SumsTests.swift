import AdaDimLinearAlgebra
import Foundation
import Testing

/// Sums and multiples, by plain loops. Rows straddle what a vector holds, columns what one job takes.
@Suite struct SumsTests {
    @Test(arguments: [(1, 1), (7, 63), (8, 64), (9, 65), (130, 200)])
    func productsOfElementsAreSummedInOrder(_ shape: (Int, Int)) {
        func check<S: RealScalar>(_: S.Type) {
            let a = Matrix<S>(rows: shape.0, columns: shape.1) { S(sin(Double($0 * 31 + $1))) }
            let b = Matrix<S>(rows: shape.0, columns: shape.1) { S(cos(Double($0 + $1 * 17))) }
            var sum = 0.0
            for j in 0..<shape.1 {
                for i in 0..<shape.0 { sum += Double(a[i, j]) * Double(b[i, j]) }
            }
            // Bit by bit: losses in reports depend on the order.
            #expect(a.withView { a in b.withView { a.dot($0) } } == sum)
        }
        check(Float.self)
        check(Double.self)
    }

    @Test(arguments: [(1, 1), (7, 63), (8, 64), (9, 65), (130, 200)])
    func multiplesAreAdded(_ shape: (Int, Int)) {
        func check<S: RealScalar>(_: S.Type) {
            var a = Matrix<S>(rows: shape.0, columns: shape.1) { S(sin(Double($0 * 31 + $1))) }
            let b = Matrix<S>(rows: shape.0, columns: shape.1) { S(cos(Double($0 + $1 * 17))) }
            let share = S(-0.7)
            let expected = Matrix<S>(rows: shape.0, columns: shape.1) { a[$0, $1] + share * b[$0, $1] }
            a.withMutableView { a in b.withView { a.add(share, times: $0) } }
            #expect(a == expected)
        }
        check(Float.self)
        check(Double.self)
    }

    @Test(arguments: [(1, 1), (7, 63), (8, 64), (9, 65), (130, 200)])
    func columnsAreScaledInACopy(_ shape: (Int, Int)) {
        func check<S: RealScalar>(_: S.Type) {
            let a = Matrix<S>(rows: shape.0, columns: shape.1) { S(sin(Double($0 * 31 + $1))) }
            let untouched = Matrix<S>(rows: shape.0, columns: shape.1) { S(sin(Double($0 * 31 + $1))) }
            let factors = (0..<shape.1).map { S(1 + Double($0) / 3) }
            #expect(
                a.scaledColumns(by: factors)
                    == Matrix(rows: shape.0, columns: shape.1) { a[$0, $1] * factors[$1] })
            #expect(a == untouched)
        }
        check(Float.self)
        check(Double.self)
    }
}
