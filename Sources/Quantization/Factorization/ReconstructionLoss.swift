import AdaDimLinearAlgebra

extension GramFactor {
    /// L = tr(E·H·Eᵀ) = ‖E·X‖²_F of a weight error E [out, in], H undamped, as ‖E·V‖² − Σⱼ ridgeⱼ·‖eⱼ‖²: one triangular
    /// product, out·in² flops. Columns of E stand in the factor's order. Never below zero, where rounding could take it.
    /// - Throws: ``QuantizationError/lossNotFinite``.
    @_specialize(where Scalar == Float)
    @_specialize(where Scalar == Double)
    func loss(_ error: consuming Matrix<Scalar>) throws(QuantizationError) -> Double {
        let share = ridgeShare(of: error)
        storage.withView { v in error.withMutableView { trmm(.right, .upper, .none, .stored, 1, v, $0) } }
        let damped = error.squaredNorm
        // Before the maximum below, which would make a perfect loss of NaN.
        guard damped.isFinite && share.isFinite else { throw .lossNotFinite }
        return max(0, damped - share)
    }

    /// Σⱼ ridgeⱼ·‖eⱼ‖²: what the damping adds to the loss of E.
    private func ridgeShare(of error: borrowing Matrix<Scalar>) -> Double {
        error.withView { view in
            var sum = 0.0
            for j in 0..<view.columns { sum += Double(ridge[j]) * view.squaredNorm(column: j) }
            return sum
        }
    }

    /// ‖(W − Q)·X‖²_F for two weights [out, in], their columns in the order of the weight.
    /// - Throws: ``QuantizationError/shapeMismatch(weightInputs:gramOrder:)``.
    @_specialize(where Scalar == Float)
    @_specialize(where Scalar == Double)
    public func loss(of quantized: Matrix<Scalar>, replacing weight: Matrix<Scalar>) throws(QuantizationError) -> Double
    {
        guard weight.columns == inputs else { throw .shapeMismatch(weightInputs: weight.columns, gramOrder: inputs) }
        guard quantized.rows == weight.rows && quantized.columns == weight.columns else {
            throw .shapeMismatch(weightInputs: quantized.columns, gramOrder: inputs)
        }
        let error = Matrix<Scalar>(rows: weight.rows, columns: weight.columns) { weight[$0, $1] - quantized[$0, $1] }
        return try loss(ordered(error))
    }

    /// The columns of a weight in the factor's order.
    func ordered<Element>(_ matrix: consuming Matrix<Element>) -> Matrix<Element> {
        guard let order else { return matrix }
        return matrix.gatheringColumns(order)
    }
}
