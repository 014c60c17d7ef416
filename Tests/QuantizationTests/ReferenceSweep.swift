import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// GPTQ's column sweep as its paper writes it (arXiv 2210.17323, algorithm 1, block size 1): quantize a column, divide
/// its error by Uⱼⱼ, subtract that error's multiple of row j of U from all later columns. Plain loops, and grids by their
/// definition: what the engine's sweep is tested against.
///
/// Returns the codes with their grids and Σⱼ ‖errorⱼ‖², which is tr((W−Q)(H+λI)(W−Q)ᵀ).
@_specialize(where S == Float)
@_specialize(where S == Double)
func referenceSweep<S: RealScalar>(
    _ weight: Matrix<S>, _ inverse: InverseHessianFactor<S>, _ grid: UniformGrid, _ layout: GroupLayout
) -> (quantized: QuantizedMatrix, dampedLoss: Double) {
    var w = weight
    let u = inverse.upper
    var scales = Matrix<S>(repeating: 1, rows: layout.scaleRows, columns: layout.scaleColumns)
    var zeros = Matrix<S>(repeating: 0, rows: layout.scaleRows, columns: layout.scaleColumns)
    var codes = Matrix<UInt8>(repeating: 0, rows: layout.rows, columns: layout.columns)
    var loss = 0.0
    for j in 0..<layout.columns {
        let group = j / layout.groupSize
        if layout.dimension == .perOutputChannel && j % layout.groupSize == 0 {
            for i in 0..<layout.rows {
                (scales[i, group], zeros[i, group]) = plainGrid(
                    grid, of: layout.range(ofGroup: group).map { w[i, $0] })
            }
        }
        if layout.dimension == .perInputChannel {
            for group in 0..<layout.groupsPerChannel {
                (scales[group, j], zeros[group, j]) = plainGrid(
                    grid, of: layout.range(ofGroup: group).map { w[$0, j] })
            }
        }
        for i in 0..<layout.rows {
            let (r, c) = layout.dimension == .perOutputChannel ? (i, group) : (i / layout.groupSize, j)
            let (scale, zero) = (scales[r, c], zeros[r, c])
            let nearest = (w[i, j] / scale).rounded(.toNearestOrEven)
            let code = min(max(nearest, -zero), S(grid.largestCode) - zero)
            codes[i, j] = UInt8(code + zero)
            let error = (w[i, j] - code * scale) / u[j, j]
            loss += Double(error * error)
            for k in j..<layout.columns { w[i, k] -= error * u[j, k] }
        }
    }
    let quantized = QuantizedMatrix(
        codes: codes, scales: scales.mapped { Float($0) }, zeroPoints: zeros.mapped { UInt8($0) }, bits: grid.bits,
        layout: layout)
    return (quantized, loss)
}

/// Scale and zero point of a group, zero in its range.
private func plainGrid<S: RealScalar>(_ grid: UniformGrid, of weights: [S]) -> (scale: S, zero: S) {
    let (low, high) = (weights.reduce(0, min), weights.reduce(0, max))
    let largest = S(grid.largestCode)
    let middle = S(1 << (grid.bits - 1))
    let halfRange = grid.isSymmetric ? max(-low, high) : high / 2 - low / 2
    if halfRange == 0 { return (1, grid.isSymmetric ? middle : 0) }
    var scale = grid.scaleType.round(halfRange / (largest / 2))
    if scale == 0 { scale = S(grid.scaleType.leastNonzeroMagnitude) }
    if grid.isSymmetric { return (scale, middle) }
    return (scale, min(max((-low / scale).rounded(.toNearestOrEven), 0), largest))
}

extension Matrix where Element: BitwiseCopyable {
    fileprivate func mapped<Other: BitwiseCopyable>(_ transform: (Element) -> Other) -> Matrix<Other> {
        Matrix<Other>(rows: rows, columns: columns) { transform(self[$0, $1]) }
    }
}
