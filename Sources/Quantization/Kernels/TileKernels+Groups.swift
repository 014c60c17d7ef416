import AdaDimLinearAlgebra

/// Whole groups: their ranges, full or searched, and their codes.
extension TileKernels {
    /// The range of each row's group: of weight[i, :] + update[i, :], zero in it.
    /// - Parameters:
    ///   - importance: of each column, for a search.
    ///   - search: nil for full ranges.
    @inline(__always)
    func groupRanges<S: RealScalar>(
        height: Int, stride: Int, columns: Int, weight: UnsafePointer<S>, update: UnsafePointer<S>? = nil,
        importance: UnsafePointer<S>, _ search: RangeSearch?, low: UnsafeMutablePointer<S>,
        high: UnsafeMutablePointer<S>
    ) {
        rowRanges(
            height: height, stride: stride, columns: columns, weight: weight, update: update, low: low, high: high)
        guard let search else { return }
        searchRows(
            height: height, stride: stride, columns: columns, weight: weight, update: update, importance: importance,
            search, low: low, high: high)
    }

    /// The range of a group that one column holds, zero in it.
    /// - Parameter search: nil for the full range.
    @inline(__always)
    func groupRange<S: RealScalar>(
        height: Int, _ values: UnsafePointer<S>, _ search: RangeSearch?
    ) -> (low: S, high: S) {
        let range = columnRange(height: height, values)
        guard let search else { return range }
        return searchColumn(height: height, values, search, range)
    }

    /// As ``quantizeColumn(height:updated:_:weight:codes:)`` for a group of any height, all on one grid.
    @inline(__always)
    func quantizeGroup<S: RealScalar>(
        height: Int, updated: UnsafePointer<S>, scale: S, zero: S, largestCode: S, weight: UnsafeMutablePointer<S>,
        codes: UnsafeMutablePointer<UInt8>
    ) -> (missed: Double, left: Double) {
        withUnsafePointer(to: scale) { scale in
            withUnsafePointer(to: zero) { zero in
                let grid = ColumnGrid(scales: scale, zeros: zero, step: 0, largestCode: largestCode)
                var sum = (missed: 0.0, left: 0.0)
                // Runs of 256 rows keep the sums of squares exact to 32·eps.
                for run in stride(from: 0, to: height, by: 256) {
                    let squares = quantizeColumn(
                        height: min(256, height - run), updated: updated + run, grid, weight: weight + run,
                        codes: codes + run)
                    sum.missed += squares.missed
                    sum.left += squares.left
                }
                return sum
            }
        }
    }
}
