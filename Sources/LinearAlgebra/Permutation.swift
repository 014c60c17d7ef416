extension Gram {
    /// H with rows and columns in the given order, as a matrix whose lower triangle holds it.
    @_specialize(where Scalar == Float)
    @_specialize(where Scalar == Double)
    package func permuted(by order: [Int]) -> Matrix<Scalar> {
        precondition(order.count == self.order, "an order of \(order.count) for \(self.order) inputs")
        var result = Matrix<Scalar>(uninitialized: order.count, order.count)
        lower.withView { h in
            result.withMutableView { result in
                concurrently(order.count) { j in
                    let column = result.column(j)
                    let b = order[j]
                    for i in j..<order.count {
                        let a = order[i]
                        column[i] = a >= b ? h[a, b] : h[b, a]
                    }
                }
            }
        }
        return result
    }

    /// The lower triangle of H, its memory handed over: no second n² buffer comes to be. What is left has no inputs.
    package mutating func takeLower() -> Matrix<Scalar> {
        var taken = Matrix<Scalar>(uninitialized: 0, 0)
        swap(&taken, &lower)
        return taken
    }
}
