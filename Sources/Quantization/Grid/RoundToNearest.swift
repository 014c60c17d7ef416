import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// Round to nearest: every weight [out, in] on the grid of its own group.
/// - Parameter importance: diag(H) [in, 1] in the order of the weight, for grids with MSE clipping and two-level ones; nil for equal
///   weights.
/// - Returns: the quantized weight and its error, W − Q [out, in].
/// - Throws: ``QuantizationError/scaleOverflow(scaleType:row:column:)``, ``QuantizationError/outOfMemory(_:)``.
@_specialize(where S == Float)
@_specialize(where S == Double)
package func roundToNearest<S: RealScalar>(
    _ weight: Matrix<S>, _ grid: UniformGrid, _ layout: GroupLayout, importance: Matrix<S>? = nil,
    kernels: TileKernels = .best
) throws(QuantizationError) -> (quantized: QuantizedMatrix, error: Matrix<S>) {
    var table = try GridTable<S>(grid, layout)
    try table.setAllGroups(from: weight, importance: importance, kernels)
    let offsets = table.twoLevel?.view.offsets
    let codes = try Workspace<UInt8>(layout.rows, by: layout.columns)
    let error = try Workspace<S>(layout.rows, by: layout.columns)
    weight.withView { weight in
        table.scales.withView { scales in
            table.zeros.withView { zeros in
                concurrently(layout.columns) { j in
                    error.view.column(j).update(from: weight.column(j), count: layout.rows)
                    let column = ColumnRounding(
                        grid: grid, kernels: kernels, weight: error.view.column(j), codes: codes.view.column(j))
                    switch layout.dimension {
                    case .perOutputChannel:
                        let group = j / layout.groupSize
                        column.round(
                            0..<layout.rows, scales.column(group), zeros.column(group), offsets: offsets?.column(group),
                            step: 1)
                    case .perInputChannel:
                        for group in 0..<layout.groupsPerChannel {
                            column.round(
                                layout.range(ofGroup: group), scales.column(j) + group, zeros.column(j) + group,
                                step: 0)
                        }
                    }
                }
            }
        }
    }
    return (try table.quantized(codes: Matrix(codes)), Matrix(error))
}

/// Rounds rows of one column in place, whole vectors by the tile kernels, the last few rows one by one.
private struct ColumnRounding<S: RealScalar> {
    let grid: UniformGrid
    let kernels: TileKernels
    /// Becomes the error.
    let weight: UnsafeMutablePointer<S>
    let codes: UnsafeMutablePointer<UInt8>

    /// - Parameters:
    ///   - scales: of the first row, the others `step` apart.
    ///   - offsets: nil where there are none.
    @inline(__always)
    func round(
        _ rows: Range<Int>, _ scales: UnsafePointer<S>, _ zeros: UnsafePointer<S>, offsets: UnsafePointer<S>? = nil,
        step: Int
    ) {
        let first = weight + rows.lowerBound
        let height = rows.count / TileKernels.lanes * TileKernels.lanes
        if height > 0 {
            _ = kernels.quantizeColumn(
                height: height, updated: first,
                .init(scales: scales, zeros: zeros, offsets: offsets, step: step, largestCode: S(grid.largestCode)),
                weight: first,
                codes: codes + rows.lowerBound)
        }
        for i in height..<rows.count {
            let (scale, zero) = (scales[i * step], zeros[i * step])
            if let offsets {
                let (code, value) = grid.shiftedCode(first[i], scale: scale, zero: zero, offset: offsets[i])
                first[i] -= value
                codes[rows.lowerBound + i] = storedCode(code + zero)
                continue
            }
            let code = grid.relativeCode(first[i], scale: scale, zero: zero)
            first[i] -= code * scale
            codes[rows.lowerBound + i] = storedCode(code + zero)
        }
    }
}
