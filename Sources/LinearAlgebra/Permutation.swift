extension Matrix {
    /// The columns at the given indices, in their order: column j of the result is column `indices[j]`.
    @_specialize(where Element == Float)
    @_specialize(where Element == Double)
    package func gatheringColumns(_ indices: [Int]) -> Matrix {
        var result = Matrix(uninitialized: rows, indices.count)
        withView { source in
            result.withMutableView { target in
                for (j, index) in indices.enumerated() {
                    precondition(index >= 0 && index < columns, "column \(index) of \(columns)")
                    target.column(j).update(from: source.column(index), count: rows)
                }
            }
        }
        return result
    }
}

extension Gram {
    /// H with rows and columns in the given order, as a matrix whose lower triangle holds it.
    @_specialize(where Scalar == Float)
    @_specialize(where Scalar == Double)
    package func permuted(by order: [Int]) -> Matrix<Scalar> {
        precondition(order.count == self.order, "an order of \(order.count) for \(self.order) inputs")
        return lower.withView { h in
            Matrix(rows: order.count, columns: order.count) { i, j in
                i < j ? 0 : order[i] >= order[j] ? h[order[i], order[j]] : h[order[j], order[i]]
            }
        }
    }

    /// The lower triangle of H, its storage handed over.
    package consuming func takeLower() -> Matrix<Scalar> { lower }
}
