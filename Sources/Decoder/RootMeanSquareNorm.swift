import AdaDimLinearAlgebra

/// RMSNorm: y = x / √(mean(x²) + ε) · w, over the features of each column (Zhang and Sennrich, arXiv 1910.07467).
package struct RootMeanSquareNorm: Sendable {
    /// w, [features, 1].
    let weight: Matrix<Float>
    let epsilon: Double

    package init(weight: Matrix<Float>, epsilon: Double) {
        self.weight = weight
        self.epsilon = epsilon
    }

    /// Normalizes each column of `source` [features, n] into `target`, which may be the same memory.
    package func apply(_ source: MatrixView<Float>, into target: MutableMatrixView<Float>) {
        precondition(
            source.rows == weight.rows && target.rows == source.rows && target.columns == source.columns,
            "a norm of \(weight.rows) features, from [\(source.rows), \(source.columns)]")
        weight.withView { weight in
            concurrently(source.columns, by: max(1, 16_384 / max(source.rows, 1))) { columns in
                let w = weight.column(0)
                for j in columns {
                    let x = source.column(j)
                    let scale = Float(1 / (meanSquare(x, source.rows) + epsilon).squareRoot())
                    let y = target.column(j)
                    var i = 0
                    while i + 8 <= source.rows {
                        ((Lanes(x + i) * scale) * Lanes(w + i)).store(to: y + i)
                        i += 8
                    }
                    while i < source.rows {
                        y[i] = (x[i] * scale) * w[i]
                        i += 1
                    }
                }
            }
        }
    }

    /// Normalizes a copy of `source` [features, tokens].
    package func applied(to source: Matrix<Float>) -> Matrix<Float> {
        var result = Matrix<Float>(uninitialized: source.rows, source.columns)
        source.withView { source in result.withMutableView { apply(source, into: $0) } }
        return result
    }
}

/// Σx²/count, in Double: eight lanes of Float over runs of at most 256, added up in Double.
private func meanSquare(_ x: UnsafePointer<Float>, _ count: Int) -> Double {
    var sum = 0.0
    var i = 0
    while i < count {
        let end = min(i + 256, count)
        var lanes = Lanes.zero
        while i + 8 <= end {
            let values = Lanes(x + i)
            lanes += values * values
            i += 8
        }
        sum += Double(lanes.sum())
        while i < end {
            sum += Double(x[i]) * Double(x[i])
            i += 1
        }
    }
    return sum / Double(count)
}
