import Glibc

extension Gram {
    /// H with rows and columns in the given order [in, 1], as a matrix with it in its lower triangle.
    @_specialize(where Scalar == Float)
    @_specialize(where Scalar == Double)
    package func permuted(by order: Matrix<Int>) throws(OutOfMemory) -> Matrix<Scalar> {
        let count = self.order
        precondition(order.rows == count && order.columns == 1, "an order of \(order.rows) for \(count) inputs")
        let result = try Workspace<Scalar>(allocating: count, count)
        lower.withView { h in
            order.withView { order in
                concurrently(count) { j in
                    let column = result.view.column(j)
                    let b = order[j, 0]
                    for i in j..<count {
                        let a = order[i, 0]
                        column[i] = a >= b ? h[a, b] : h[b, a]
                    }
                }
            }
        }
        return Matrix(result)
    }

    /// The lower triangle of H, in the same memory, without a second n² buffer. The Gram matrix then has no inputs.
    package mutating func takeLower() -> Matrix<Scalar> {
        var taken = Matrix<Scalar>(uninitialized: 0, 0)
        swap(&taken, &lower)
        return taken
    }

    /// Diagonal of H [in, 1].
    package func diagonalColumn() throws(OutOfMemory) -> Matrix<Scalar> { try lower.diagonalColumn() }
}

extension Matrix where Element: RealScalar {
    /// Diagonal of a square matrix [rows, 1].
    @_specialize(where Element == Float)
    @_specialize(where Element == Double)
    package func diagonalColumn() throws(OutOfMemory) -> Matrix {
        let column = try Workspace<Element>(allocating: rows, 1)
        for j in 0..<rows { column.view[j, 0] = self[j, j] }
        return Matrix(column)
    }

    /// Positions of a column's elements by descending value, equal ones in their order. [rows, 1] both.
    @_specialize(where Element == Float)
    @_specialize(where Element == Double)
    package func descendingOrder() throws(OutOfMemory) -> Matrix<Int> {
        precondition(columns == 1, "the order of \(columns) columns")
        let places = try Workspace<RankedPosition>(allocating: rows, 1)
        for i in 0..<rows { places.view[i, 0] = RankedPosition(value: Double(self[i, 0]), position: i) }
        // The system's sort does without memory if it must, the standard library's does not.
        qsort(places.view.base, rows, MemoryLayout<RankedPosition>.stride, RankedPosition.compare)
        let order = try Workspace<Int>(allocating: rows, 1)
        for i in 0..<rows { order.view[i, 0] = places.view[i, 0].position }
        withExtendedLifetime(places) {}
        return Matrix<Int>(order)
    }
}

private struct RankedPosition: BitwiseCopyable {
    let value: Double
    let position: Int

    static let compare: @convention(c) (UnsafeRawPointer?, UnsafeRawPointer?) -> Int32 = { a, b in
        guard let a = a?.load(as: RankedPosition.self), let b = b?.load(as: RankedPosition.self) else { return 0 }
        return (b.value, a.position) < (a.value, b.position) ? -1 : 1
    }
}
