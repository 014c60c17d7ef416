import AdaDimLinearAlgebra

extension GridTable {
    /// Sets every group's grid from the weight [out, in] itself.
    /// - Parameter importance: of each input [in, 1] in the order of the weight, which weights the errors in MSE
    ///   clipping and in the search of two-level grids; nil for equal weights.
    /// - Throws: ``QuantizationError/outOfMemory(_:)``.
    mutating func setAllGroups(
        from weight: Matrix<S>, importance: Matrix<S>?, _ kernels: TileKernels = .best
    ) throws(QuantizationError) {
        let (grid, layout) = (grid, layout)
        let importance =
            if let importance { importance } else { try Matrix<S>(filledWith: 1, layout.columns, by: 1) }
        if let twoLevel {
            weight.withView { weight in
                importance.withView { importance in
                    scales.withMutableView {
                        TwoLevelSearch(type: twoLevel.type).run(
                            weight, importance: importance, scales: $0, twoLevel.view)
                    }
                }
            }
            return
        }
        let ranges = GroupRanges<S>(search: RangeSearch(grid), kernels: kernels)
        weight.withView { weight in
            importance.withView { importance in
                scales.withMutableView { scales in
                    zeros.withMutableView { zeros in
                        switch layout.dimension {
                        case .perOutputChannel:
                            let tile = 256
                            concurrently(layout.rows, by: tile) { rows in
                                withUnsafeTemporaryAllocation(of: S.self, capacity: 2 * tile) { ends in
                                    guard let low = ends.baseAddress else { return }
                                    let high = low + tile
                                    for group in 0..<layout.groupsPerChannel {
                                        let columns = layout.range(ofGroup: group)
                                        ranges.find(
                                            weight[rows: rows, columns: columns],
                                            importance: importance.column(0) + columns.lowerBound, low: low, high: high)
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
                                    let rows = layout.range(ofGroup: group)
                                    let (low, high) = ranges.find(weight.column(j) + rows.lowerBound, count: rows.count)
                                    (scales[group, j], zeros[group, j]) = grid.parameters(low: low, high: high)
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Finds the ranges of groups of any number of rows: whole vectors by the tile kernels, the last few rows in a copy that
/// zeros fill up to one.
private struct GroupRanges<S: RealScalar>: Sendable {
    let search: RangeSearch?
    let kernels: TileKernels

    /// The range of each row of a per-OC group.
    @inline(__always)
    func find(
        _ group: MatrixView<S>, importance: UnsafePointer<S>, low: UnsafeMutablePointer<S>,
        high: UnsafeMutablePointer<S>
    ) {
        let height = group.rows / TileKernels.lanes * TileKernels.lanes
        kernels.groupRanges(
            height: height, stride: group.leadingDimension, columns: group.columns, weight: group.base,
            importance: importance, search, low: low, high: high)
        let rest = group.rows - height
        guard rest > 0 else { return }
        let lanes = TileKernels.lanes
        withUnsafeTemporaryAllocation(of: S.self, capacity: lanes * (group.columns + 2)) { copy in
            guard let rows = copy.baseAddress else { return }
            for j in 0..<group.columns { fill(rows + j * lanes, from: group.column(j) + height, count: rest) }
            let (lowest, highest) = (rows + lanes * group.columns, rows + lanes * (group.columns + 1))
            kernels.groupRanges(
                height: lanes, stride: lanes, columns: group.columns, weight: rows, importance: importance, search,
                low: lowest, high: highest)
            (low + height).update(from: lowest, count: rest)
            (high + height).update(from: highest, count: rest)
        }
    }

    /// The range of a per-IC group.
    @inline(__always)
    func find(_ group: UnsafePointer<S>, count: Int) -> (low: S, high: S) {
        let height = (count + TileKernels.lanes - 1) / TileKernels.lanes * TileKernels.lanes
        guard height > count else { return kernels.groupRange(height: height, group, search) }
        return withUnsafeTemporaryAllocation(of: S.self, capacity: height) { copy in
            guard let rows = copy.baseAddress else { return (0, 0) }
            rows.update(from: group, count: count)
            (rows + count).update(repeating: 0, count: height - count)
            return kernels.groupRange(height: height, rows, search)
        }
    }

    @inline(__always)
    private func fill(_ target: UnsafeMutablePointer<S>, from source: UnsafePointer<S>, count: Int) {
        target.update(from: source, count: count)
        (target + count).update(repeating: 0, count: TileKernels.lanes - count)
    }
}
