import AdaDimLinearAlgebra

/// A weight rounded to its grids, and what is left: the error W − Q.
package struct RoundedWeight<S: RealScalar> {
    package let quantized: QuantizedMatrix
    /// W − Q, [out, in].
    package let error: Matrix<S>
}

/// Round to nearest: every weight [out, in] on the grid of its own group.
/// - Throws: ``QuantizationError/scaleOverflow(scaleType:row:column:)``.
@_specialize(where S == Float)
@_specialize(where S == Double)
package func roundToNearest<S: RealScalar>(
    _ weight: Matrix<S>, _ grid: UniformGrid, _ layout: GroupLayout
) throws(QuantizationError) -> RoundedWeight<S> {
    var table = GridTable<S>(grid, layout)
    table.setAllGroups(from: weight)
    var codes = Matrix<UInt8>(uninitialized: layout.rows, layout.columns)
    var error = Matrix<S>(uninitialized: layout.rows, layout.columns)
    let finished = table
    weight.withView { weight in
        finished.scales.withView { scales in
            finished.zeros.withView { zeros in
                codes.withMutableView { codes in
                    error.withMutableView { error in
                        concurrently(layout.columns) { j in
                            for i in 0..<layout.rows {
                                let (r, c) =
                                    layout.dimension == .perOutputChannel
                                    ? (i, j / layout.groupSize) : (i / layout.groupSize, j)
                                let code = grid.relativeCode(weight[i, j], scale: scales[r, c], zero: zeros[r, c])
                                error[i, j] = weight[i, j] - code * scales[r, c]
                                codes[i, j] = storedCode(code + zeros[r, c])
                            }
                        }
                    }
                }
            }
        }
    }
    return RoundedWeight(quantized: try table.quantized(codes: codes), error: error)
}

/// A code as it is stored. Not a number only where the group's scale is infinite, which `GridTable.quantized` refuses.
@inline(__always)
func storedCode<S: RealScalar>(_ code: S) -> UInt8 {
    code >= 0 ? UInt8(truncatingIfNeeded: Int32(code)) : 0
}

extension GridTable {
    /// Sets every group's grid from the weight [out, in] itself.
    mutating func setAllGroups(from weight: Matrix<S>) {
        switch layout.dimension {
        case .perOutputChannel:
            for group in 0..<layout.groupsPerChannel {
                weight.withView {
                    setOutputChannelGroup(group, from: $0, columns: layout.range(ofGroup: group))
                }
            }
        case .perInputChannel:
            let (grid, layout) = (grid, layout)
            weight.withView { weight in
                scales.withMutableView { scales in
                    zeros.withMutableView { zeros in
                        concurrently(layout.columns) { j in
                            let column = weight.column(j)
                            for group in 0..<layout.groupsPerChannel {
                                var low: S = 0
                                var high: S = 0
                                for i in layout.range(ofGroup: group) {
                                    low = min(low, column[i])
                                    high = max(high, column[i])
                                }
                                (scales[group, j], zeros[group, j]) = grid.parameters(low: low, high: high)
                            }
                        }
                    }
                }
            }
        }
    }
}
