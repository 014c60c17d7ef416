import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// GPTQ's column sweep as its paper writes it (arXiv 2210.17323, algorithm 1, block size 1): quantize a column, divide
/// its error by Uⱼⱼ, subtract that error's multiple of row j of U from all later columns. Plain loops; the oracle that
/// ``BlockedSweep`` is tested against, and of no other use.
///
/// Returns the codes with their grids and Σⱼ ‖errorⱼ‖², which is tr((W−Q)(H+λI)(W−Q)ᵀ).
@_specialize(where S == Float)
@_specialize(where S == Double)
package func referenceSweep<S: RealScalar>(
    _ weight: Matrix<S>, _ inverse: InverseHessianFactor<S>, _ grid: UniformGrid, _ layout: GroupLayout
) throws(QuantizationError) -> (quantized: QuantizedMatrix, dampedLoss: Double) {
    var w = weight
    let u = inverse.upper
    var table = try GridTable<S>(grid, layout)
    var codes = Matrix<UInt8>(repeating: 0, rows: layout.rows, columns: layout.columns)
    var loss = 0.0
    for j in 0..<layout.columns {
        let group = j / layout.groupSize
        if layout.dimension == .perOutputChannel && j % layout.groupSize == 0 {
            table.setOutputChannelGroup(group, from: w, columns: layout.range(ofGroup: group))
        }
        if layout.dimension == .perInputChannel {
            for group in 0..<layout.groupsPerChannel {
                let members = layout.range(ofGroup: group).map { w[$0, j] }
                (table.scales[group, j], table.zeros[group, j]) = grid.parameters(
                    low: min(0, members.min() ?? 0), high: max(0, members.max() ?? 0))
            }
        }
        for i in 0..<layout.rows {
            let (r, c) = layout.dimension == .perOutputChannel ? (i, group) : (i / layout.groupSize, j)
            let code = grid.relativeCode(w[i, j], scale: table.scales[r, c], zero: table.zeros[r, c])
            codes[i, j] = storedCode(code + table.zeros[r, c])
            let error = (w[i, j] - code * table.scales[r, c]) / u[j, j]
            loss += Double(error * error)
            for k in j..<layout.columns { w[i, k] -= error * u[j, k] }
        }
    }
    return (try table.quantized(codes: codes), loss)
}
