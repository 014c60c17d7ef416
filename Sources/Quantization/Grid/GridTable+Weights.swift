import AdaDimLinearAlgebra

extension GridTable {
    /// Sets every group's grid from the weight [out, in] itself.
    mutating func setAllGroups(from weight: Matrix<S>, _ kernels: TileKernels = .best) {
        let (grid, layout) = (grid, layout)
        weight.withView { weight in
            scales.withMutableView { scales in
                zeros.withMutableView { zeros in
                    switch layout.dimension {
                    case .perOutputChannel:
                        let tile = 256
                        concurrently(layout.rows, by: tile) { rows in
                            withUnsafeTemporaryAllocation(of: S.self, capacity: 2 * tile) { ranges in
                                guard let low = ranges.baseAddress else { return }
                                let high = low + tile
                                for group in 0..<layout.groupsPerChannel {
                                    weight.rowRanges(rows, layout.range(ofGroup: group), kernels, low: low, high: high)
                                    for i in rows {
                                        (scales[i, group], zeros[i, group]) = grid.parameters(
                                            low: low[i - rows.lowerBound], high: high[i - rows.lowerBound])
                                    }
                                }
                            }
                        }
                    case .perInputChannel:
                        concurrently(layout.columns) { j in
                            for group in 0..<layout.groupsPerChannel {
                                let (low, high) = weight.range(ofColumn: j, layout.range(ofGroup: group), kernels)
                                (scales[group, j], zeros[group, j]) = grid.parameters(low: low, high: high)
                            }
                        }
                    }
                }
            }
        }
    }

    /// Sets the grids of one per-OC group from the weights `columns` of a matrix [out, …] in that group, in plain
    /// loops.
    mutating func setOutputChannelGroup(_ group: Int, from weights: Matrix<S>, columns: Range<Int>) {
        for i in 0..<layout.rows {
            let row = columns.map { weights[i, $0] }
            (scales[i, group], zeros[i, group]) = grid.parameters(
                low: row.reduce(0, min), high: row.reduce(0, max))
        }
    }
}

extension MatrixView where Element: RealScalar {
    /// The least and the greatest element of each of some rows over some columns, zero among them: whole vectors of
    /// rows by the tile kernels, the last few rows one by one.
    @inline(__always)
    fileprivate func rowRanges(
        _ rows: Range<Int>, _ columns: Range<Int>, _ kernels: TileKernels, low: UnsafeMutablePointer<Element>,
        high: UnsafeMutablePointer<Element>
    ) {
        let height = rows.count / TileKernels.lanes * TileKernels.lanes
        kernels.rowRanges(
            height: height, stride: leadingDimension, columns: columns.count,
            weight: column(columns.lowerBound) + rows.lowerBound, update: nil, low: low, high: high)
        for i in height..<rows.count {
            (low[i], high[i]) = (0, 0)
            for j in columns {
                low[i] = Swift.min(low[i], self[rows.lowerBound + i, j])
                high[i] = Swift.max(high[i], self[rows.lowerBound + i, j])
            }
        }
    }

    /// The least and the greatest of some elements of a column, zero among them.
    @inline(__always)
    fileprivate func range(ofColumn j: Int, _ rows: Range<Int>, _ kernels: TileKernels) -> (low: Element, high: Element)
    {
        let values = column(j) + rows.lowerBound
        let height = rows.count / TileKernels.lanes * TileKernels.lanes
        var (low, high) = kernels.columnRange(height: height, values)
        for i in height..<rows.count {
            low = Swift.min(low, values[i])
            high = Swift.max(high, values[i])
        }
        return (low, high)
    }
}
