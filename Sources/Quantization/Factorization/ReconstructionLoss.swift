import AdaDimLinearAlgebra

extension GramFactor {
    /// L = tr(E·H·Eᵀ) = ‖E·X‖²_F of a weight error E [out, in], H undamped, as ‖E·V‖² − Σⱼ ridgeⱼ·‖eⱼ‖²: one triangular
    /// product, out·in² flops, in parallel panels of rows. Columns of E are in the order of the weight. Never below
    /// zero, where rounding could take it.
    /// - Parameters:
    ///   - flops: counts what is done.
    ///   - threads: how many panels run at the same time, at most.
    ///   - panelBudget: bytes of working memory of one panel, at most.
    /// - Throws: ``QuantizationError/lossNotFinite``, ``QuantizationError/outOfMemory(_:)``,
    ///   ``QuantizationError/cancelled``.
    @_specialize(where Scalar == Float)
    @_specialize(where Scalar == Double)
    package func loss(
        _ error: borrowing Matrix<Scalar>, flops: FlopCounter? = nil, threads: Int = BLASLibrary.threadCount,
        panelBudget: Int = RowPanels.memoryBudget
    ) throws(QuantizationError) -> Double {
        let inputs = inputs
        let panels = RowPanels(
            rows: error.rows, alignment: 1, bytesPerRow: inputs * MemoryLayout<Scalar>.stride,
            threads: threads, memoryBudget: panelBudget)
        let products = try WorkspacePool(count: panels.atOnce) { () throws(QuantizationError) in
            try Workspace<Scalar>(panels.ranges.first?.count ?? 0, by: inputs)
        }
        let losses = try Workspace<DampedLoss>(panels.ranges.count, by: 1)
        error.withView { error in
            withUpperTriangle { v in
                panels.run { index, rows in
                    if flops?.isCancelled ?? false { return }
                    losses.view[index, 0] = products.borrow { product in
                        let product = product.view[rows: 0..<rows.count, columns: 0..<inputs]
                        for position in 0..<inputs {
                            product.column(position).update(
                                from: error.column(positions?[position, 0] ?? position) + rows.lowerBound,
                                count: rows.count)
                        }
                        return loss(using: product, v)
                    }
                    flops?.add(Double(rows.count) * Double(inputs) * Double(inputs))
                }
            }
        }
        try flops?.checkCancelled()
        return try undamped(panels.ranges.indices.reduce(into: DampedLoss()) { $0 += losses.view[$1, 0] })
    }

    /// L of what a sweep or a product gave: exactly zero where no input was ever active, whose errors leave nothing but
    /// the rounding of their ridge's two sums.
    /// - Throws: ``QuantizationError/lossNotFinite``.
    func undamped(_ loss: DampedLoss) throws(QuantizationError) -> Double {
        let found = try loss.undamped()
        return hasActiveInputs ? found : 0
    }

    /// The loss of some rows of an error [rows, in] whose columns are in the factor's order. The error becomes E·V.
    func loss(using error: MutableMatrixView<Scalar>, _ v: MatrixView<Scalar>) -> DampedLoss {
        var loss = DampedLoss()
        for position in 0..<inputs {
            loss.ridge += Double(ridge[position, 0]) * error.reading.squaredNorm(column: position)
        }
        trmm(.right, .upper, .none, .stored, 1, v, error)
        loss.damped = error.reading.squaredNorm
        return loss
    }

    /// ‖(W − Q)·X‖²_F for two weights [out, in], their columns in the order of the weight: the loss of any Q, also of
    /// another program's. out·in² flops. Never below zero.
    /// - Throws: ``QuantizationError/emptyWeight(rows:columns:)``,
    ///   ``QuantizationError/shapeMismatch(weightInputs:gramOrder:)``,
    ///   ``QuantizationError/replacementMismatch(rows:columns:weightRows:weightColumns:)``, and as a layer's own loss
    ///   ``QuantizationError/lossNotFinite`` and ``QuantizationError/outOfMemory(_:)``.
    @_specialize(where Scalar == Float)
    @_specialize(where Scalar == Double)
    public func loss(of quantized: Matrix<Scalar>, replacing weight: Matrix<Scalar>) throws(QuantizationError) -> Double
    {
        guard weight.count > 0 else { throw .emptyWeight(rows: weight.rows, columns: weight.columns) }
        guard weight.columns == inputs else { throw .shapeMismatch(weightInputs: weight.columns, gramOrder: inputs) }
        guard quantized.rows == weight.rows && quantized.columns == weight.columns else {
            throw .replacementMismatch(
                rows: quantized.rows, columns: quantized.columns, weightRows: weight.rows,
                weightColumns: weight.columns)
        }
        return try loss(Matrix(weight, minus: quantized))
    }
}
