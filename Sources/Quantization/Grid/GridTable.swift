import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// Scales and zero points of all groups of a weight while they are being found, in the arithmetic's own type.
struct GridTable<S: RealScalar>: Sendable {
    let grid: UniformGrid
    let layout: GroupLayout
    /// Per-OC [out, ⌈in/g⌉], per-IC [⌈out/g⌉, in].
    var scales: Matrix<S>
    var zeros: Matrix<S>
    /// What scales and offsets are made of on two levels; else nil.
    let twoLevel: TwoLevelTable<S>?

    init(_ grid: UniformGrid, _ layout: GroupLayout) throws(QuantizationError) {
        self.grid = grid
        self.layout = layout
        scales = try Matrix(filledWith: 1, layout.scaleRows, by: layout.scaleColumns)
        zeros = try Matrix(filledWith: S(grid.twoLevel?.zeroPoint ?? 0), layout.scaleRows, by: layout.scaleColumns)
        twoLevel = if let type = grid.twoLevel { try TwoLevelTable(type, layout) } else { nil }
    }

    /// The finished layer.
    /// - Throws: ``QuantizationError/scaleOverflow(scaleType:row:column:)`` for the first scale that its type cannot
    ///   hold; ``QuantizationError/outOfMemory(_:)``.
    func quantized(codes: Matrix<UInt8>) throws(QuantizationError) -> QuantizedMatrix {
        if let twoLevel { return QuantizedMatrix(codes: codes, twoLevel: try twoLevel.stored()) }
        for j in 0..<scales.columns {
            for i in 0..<scales.rows where !scales[i, j].isFinite {
                throw .scaleOverflow(scaleType: grid.scaleType, row: i, column: j)
            }
        }
        return QuantizedMatrix(
            codes: codes, scales: try scales.converted { Float($0) }, zeroPoints: try zeros.converted { UInt8($0) },
            bits: grid.bits, layout: layout)
    }
}
