import AdaDimLinearAlgebra

/// Round to nearest: every weight [out, in] on the grid of its own group.
/// - Returns: the quantized weight and what is left, W − Q [out, in].
/// - Throws: ``QuantizationError/scaleOverflow(scaleType:row:column:)``.
@_specialize(where S == Float)
@_specialize(where S == Double)
package func roundToNearest<S: RealScalar>(
    _ weight: Matrix<S>, _ grid: UniformGrid, _ layout: GroupLayout
) throws(QuantizationError) -> (quantized: QuantizedMatrix, error: Matrix<S>) {
    var table = GridTable<S>(grid, layout)
    table.setAllGroups(from: weight)
    var codes = Matrix<UInt8>(uninitialized: layout.rows, layout.columns)
    var error = Matrix<S>(uninitialized: layout.rows, layout.columns)
    let found = table
    weight.withView { weight in
        found.scales.withView { scales in
            found.zeros.withView { zeros in
                codes.withMutableView { codes in
                    error.withMutableView { error in
                        concurrently(layout.columns) { j in
                            let (w, e, code) = (weight.column(j), error.column(j), codes.column(j))
                            switch layout.dimension {
                            case .perOutputChannel:
                                let group = j / layout.groupSize
                                let (scale, zero) = (scales.column(group), zeros.column(group))
                                round(0..<layout.rows, w, grid, into: code, e) { i, count in
                                    (load8(scale + i, count, filling: 1), load8(zero + i, count, filling: 0))
                                }
                            case .perInputChannel:
                                for group in 0..<layout.groupsPerChannel {
                                    let scale = SIMD8(repeating: scales[group, j])
                                    let zero = SIMD8(repeating: zeros[group, j])
                                    round(layout.range(ofGroup: group), w, grid, into: code, e) { _, _ in (scale, zero)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    return (try table.quantized(codes: codes), error)
}

/// Rounds some rows of a column, eight at a time: codes, and the error W − Q.
@inline(__always)
private func round<S: RealScalar>(
    _ rows: Range<Int>, _ weight: UnsafePointer<S>, _ grid: UniformGrid, into codes: UnsafeMutablePointer<UInt8>,
    _ error: UnsafeMutablePointer<S>, _ parameters: (_ row: Int, _ count: Int) -> (scale: SIMD8<S>, zero: SIMD8<S>)
) {
    var i = rows.lowerBound
    while i < rows.upperBound {
        let count = min(8, rows.upperBound - i)
        let (scale, zero) = parameters(i, count)
        let w = load8(weight + i, count, filling: 0)
        let relative = grid.relativeCodes(w, scale: scale, zero: zero)
        store8(w - relative * scale, error + i, count)
        let stored = relative + zero
        for lane in 0..<count { codes[i + lane] = storedCode(stored[lane]) }
        i += 8
    }
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
