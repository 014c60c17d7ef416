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
    /// - Throws: ``QuantizationError/scaleOverflow(scaleType:row:column:)`` for the first scale that its type cannot
    ///   hold.
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
