import AdaDimCorrection
import AdaDimLinearAlgebra

/// What a layer is to become in place of its weight W, so that its outputs compensate for what earlier quantization changed.
package struct CorrectedTarget<Scalar: RealScalar>: Sendable {
    /// W + (α·W·(X − X_q)·X_qᵀ + β·(R − R_q)·X_qᵀ)·(H + λI)⁻¹ [out, in].
    package let weight: Matrix<Scalar>
    /// W·(X − X_q)·X_qᵀ [out, in].
    fileprivate let product: Matrix<Scalar>
}

/// How far a layer's own outputs are from W·X, the original model's: squares of Frobenius norms.
package struct OutputLosses: Sendable, Equatable {
    /// ‖W·X − W·X_q‖² of the weight itself.
    package let original: Double
    /// ‖W·X − T·X_q‖² of the target T.
    package let target: Double
    /// ‖W·X − Q·X_q‖², of the quantized weight.
    package let quantized: Double
}

extension GramFactor {
    /// The weight [out, in] that a layer is to become in place of W, so that its outputs compensate for what earlier
    /// quantization changed: the least-squares fit of the requested shares to the inputs that the layer sees,
    /// W + (α·W·(X − X_q)·X_qᵀ + β·(R − R_q)·X_qᵀ)·(H + λI)⁻¹. 4·out·in² flops.
    ///
    /// GPTAQ's asymmetric calibration is related to α alone (arXiv 2504.02692).
    /// - Throws: ``QuantizationError/targetNotFinite(output:input:)``, ``QuantizationError/outOfMemory(_:)``.
    @_specialize(where Scalar == Float)
    @_specialize(where Scalar == Double)
    package func target(
        for weight: Matrix<Scalar>, _ shift: InputShift<Scalar>, _ correction: OutputCorrection
    ) throws(QuantizationError) -> CorrectedTarget<Scalar> {
        let workspace = try Workspace<Scalar>(weight.rows, by: inputs)
        weight.withView { weight in
            shift.cross.withView { gemm(1, weight, .none, $0, .none, 0, workspace.view) }
        }
        let product = Matrix(workspace)
        let residual = correction.residual != 0 ? shift.residual : nil
        guard correction.inputs != 0 || residual != nil else {
            return CorrectedTarget(weight: weight, product: product)
        }
        let change = try Workspace<Scalar>(weight.rows, by: inputs)
        let ordered = try Workspace<Scalar>(positions == nil ? 0 : weight.rows, by: inputs)
        change.view.fill(with: 0)
        product.withView { change.view.add(Scalar(correction.inputs), times: $0) }
        residual?.withView { change.view.add(Scalar(correction.residual), times: $0) }
        let solved = positions == nil ? change : ordered
        if let positions {
            for j in 0..<inputs {
                ordered.view.column(j).update(from: change.view.column(positions[j, 0]), count: weight.rows)
            }
        }
        withUpperTriangle { v in
            trsm(.right, .upper, .transposed, .stored, 1, v, solved.view)
            trsm(.right, .upper, .none, .stored, 1, v, solved.view)
        }
        let sum = try Workspace(copying: weight)
        for j in 0..<inputs {
            let (to, from) = (sum.view.column(positions?[j, 0] ?? j), solved.view.column(j))
            for i in 0..<weight.rows { to[i] += from[i] }
        }
        let target = Matrix(sum)
        if let (output, input) = target.firstNonFinite { throw .targetNotFinite(output: output, input: input) }
        return CorrectedTarget(weight: target, product: product)
    }

    /// How far the layer's own outputs are from the original model's with W, with the target, and with the quantized
    /// weight Q. 2·out·in² flops and two products of ``loss(of:replacing:)``. None is below zero.
    /// - Throws: ``QuantizationError/outOfMemory(_:)``, ``QuantizationError/lossNotFinite``.
    @_specialize(where Scalar == Float)
    @_specialize(where Scalar == Double)
    package func outputLosses(
        of quantized: Matrix<Scalar>, _ target: CorrectedTarget<Scalar>, replacing weight: Matrix<Scalar>,
        _ shift: InputShift<Scalar>
    ) throws(QuantizationError) -> OutputLosses {
        let product = try Workspace<Scalar>(weight.rows, by: inputs)
        let shifted = weight.withView { weight in
            shift.gramOfShift.lower.withView { symm(.right, .lower, 1, $0, weight, 0, product.view) }
            return product.view.reading.dot(weight)
        }
        // ‖W(X − X_q) + (W − Q)X_q‖²
        func loss(of other: Matrix<Scalar>) throws(QuantizationError) -> Double {
            let error = try Matrix(weight, minus: other)
            let crossed = target.product.withView { product in error.withView { product.dot($0) } }
            let own = try self.loss(error)
            guard shifted.isFinite && crossed.isFinite else { throw .lossNotFinite }
            return max(0, shifted + 2 * crossed + own)
        }
        return OutputLosses(
            original: max(0, shifted), target: try loss(of: target.weight), quantized: try loss(of: quantized))
    }
}
