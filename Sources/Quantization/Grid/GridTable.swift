import AdaDimLinearAlgebra

/// Scales and zero points of all groups of a weight while they are being found, in the arithmetic's own type.
struct GridTable<S: RealScalar>: Sendable {
    let grid: UniformGrid
    let layout: GroupLayout
    /// Per-OC [out, ⌈in/g⌉], per-IC [⌈out/g⌉, in].
    var scales: Matrix<S>
    var zeros: Matrix<S>

    init(_ grid: UniformGrid, _ layout: GroupLayout) {
        self.grid = grid
        self.layout = layout
        scales = Matrix(repeating: 1, rows: layout.scaleRows, columns: layout.scaleColumns)
        zeros = Matrix(repeating: 0, rows: layout.scaleRows, columns: layout.scaleColumns)
    }

    /// The finished layer.
    /// - Throws: ``QuantizationError/scaleOverflow(scaleType:row:column:)`` for the first scale that its type cannot hold.
    func quantized(codes: Matrix<UInt8>) throws(QuantizationError) -> QuantizedMatrix {
        for j in 0..<scales.columns {
            for i in 0..<scales.rows where !scales[i, j].isFinite {
                throw .scaleOverflow(scaleType: grid.scaleType, row: i, column: j)
            }
        }
        return QuantizedMatrix(
            codes: codes, scales: Matrix<Float>(rows: scales.rows, columns: scales.columns) { Float(scales[$0, $1]) },
            zeroPoints: Matrix<UInt8>(rows: zeros.rows, columns: zeros.columns) { UInt8(zeros[$0, $1]) },
            bits: grid.bits, layout: layout)
    }
}

extension GridTable {
    /// Sets the grids of one per-OC group from the weights `columns` of a matrix [out, …] in that group.
    mutating func setOutputChannelGroup(_ group: Int, from weights: MatrixView<S>, columns: Range<Int>) {
        let grid = grid
        let rowCount = layout.rows
        scales.withMutableView { scales in
            zeros.withMutableView { zeros in
                concurrently(rowCount, by: 256) { rows in
                    // Column by column, as they lie in memory: the extremes of all rows grow together.
                    var extremes = Matrix<S>(repeating: 0, rows: rows.count, columns: 2)
                    extremes.withMutableView { extremes in
                        let (low, high) = (extremes.column(0), extremes.column(1))
                        for j in columns {
                            let column = weights.column(j) + rows.lowerBound
                            for i in 0..<rows.count {
                                low[i] = min(low[i], column[i])
                                high[i] = max(high[i], column[i])
                            }
                        }
                        for i in rows {
                            (scales[i, group], zeros[i, group]) = grid.parameters(
                                low: low[i - rows.lowerBound], high: high[i - rows.lowerBound])
                        }
                    }
                }
            }
        }
    }
}
