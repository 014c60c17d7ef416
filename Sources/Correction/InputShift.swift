import AdaDimLinearAlgebra

/// How far the inputs X_q [in, tokens] that a linear layer sees after quantized layers have moved from
/// the inputs X that it saw in the original model: sums over the calibration tokens, as ``Gram`` is of X_q alone.
package struct InputShift<Scalar: RealScalar>: Sendable {
    /// (X − X_q)·X_qᵀ [in, in].
    package private(set) var cross: Matrix<Scalar>
    /// (X − X_q)·(X − X_q)ᵀ [in, in].
    package private(set) var gramOfShift: Gram<Scalar>
    /// (R − R_q)·X_qᵀ [out, in], R and R_q [out, tokens] being what the layer's output is added to; nil where it is added to
    /// nothing.
    package private(set) var residual: Matrix<Scalar>?
    /// ‖R − R_q‖² and ‖R‖²; 0 where the output is added to nothing.
    package private(set) var residualLoss = 0.0
    package private(set) var residualEnergy = 0.0

    /// The shift over no tokens.
    /// - Parameter residualRows: rows of what the layer's output is added to; nil where it is added to nothing.
    /// - Throws: ``GramError/outOfMemory(_:)``.
    package init(order: Int, residualRows: Int?) throws(GramError) {
        do {
            cross = try Matrix(zeros: order, order)
            residual = try residualRows.map { (rows) throws(OutOfMemory) in try Matrix(zeros: rows, order) }
        } catch {
            throw .outOfMemory(error)
        }
        gramOfShift = try Gram(order: order)
    }

    /// Adds a batch of tokens: 3·in²·tokens flops, and 2·out·in·tokens for the residual.
    /// - Parameters:
    ///   - original: X [in, tokens].
    ///   - shifted: X_q [in, tokens].
    ///   - residual: R and R_q [out, tokens] each, where there is one.
    package mutating func accumulate(
        original: MatrixView<Scalar>, shifted: MatrixView<Scalar>,
        residual: (original: MatrixView<Scalar>, shifted: MatrixView<Scalar>)?
    ) {
        Self.withDifference(original, shifted) { difference in
            cross.withMutableView { gemm(1, difference, .none, shifted, .transposed, 1, $0) }
            gramOfShift.accumulate(finite: difference)
        }
        guard let residual else { return }
        Self.withDifference(residual.original, residual.shifted) { difference in
            self.residual?.withMutableView { gemm(1, difference, .none, shifted, .transposed, 1, $0) }
            residualLoss += difference.squaredNorm
        }
        residualEnergy += residual.original.squaredNorm
    }

    @_specialize(where Scalar == Float)
    @_specialize(where Scalar == Double)
    private static func withDifference(
        _ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, _ body: (MatrixView<Scalar>) -> Void
    ) {
        var difference = Matrix<Scalar>(uninitialized: a.rows, a.columns)
        difference.withMutableView { difference in
            concurrently(a.columns, by: 64) { columns in
                for j in columns {
                    let (target, from, less) = (difference.column(j), a.column(j), b.column(j))
                    for i in 0..<a.rows { target[i] = from[i] - less[i] }
                }
            }
        }
        difference.withView(body)
    }
}
