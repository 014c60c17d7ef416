import AdaDimKernels
import AdaDimLinearAlgebra

/// The innermost loops of a sweep's tile: those of the best instruction set that this processor has, or the plain Swift
/// ones of `TileKernels+Portable.swift`, which also serve Double. They round differently: AVX2 and AVX-512 fuse a product
/// with the sum it enters, and sums over a column's elements run in as many lanes as a set has.
///
/// Columns of a tile are `stride` elements apart; `height` is a multiple of ``lanes``. A strip is eight columns of a square
/// on the block, the factor's in a sweep and H's in a pass, packed: element (k, c) at 8·k + c.
package struct TileKernels: Sendable {
    /// Heights of tiles are multiples of this, the lanes of the widest set.
    static let lanes = Int(ADADIM_TILE_LANES)
    /// Columns of a strip.
    static let stripWidth = Int(ADADIM_STRIP_WIDTH)

    /// "AVX-512", "AVX2" or "Swift".
    package let name: String
    private let table: Table?

    /// A table of the C target: constant, for the life of the process.
    private struct Table: @unchecked Sendable {
        let functions: UnsafePointer<adadim_tile_kernels>
    }

    private init(_ functions: UnsafePointer<adadim_tile_kernels>?) {
        name = functions.map { String(cString: $0.pointee.name) } ?? "Swift"
        table = functions.map(Table.init)
    }

    /// Plain Swift.
    package static let portable = TileKernels(nil)

    /// All that this processor can run, the best first.
    package static let available: [TileKernels] =
        [adadim_tile_kernels_avx512(), adadim_tile_kernels_avx2()].compactMap { $0.map { TileKernels($0) } } + [
            portable
        ]

    package static let best = available[0]

    /// The table, where it serves the element type.
    @inline(__always)
    private func functions<S: RealScalar>(for type: S.Type) -> UnsafePointer<adadim_tile_kernels>? {
        S.self == Float.self ? table?.functions : nil
    }

    /// target[:, c] += sign·Σ_{k < depth} source[:, k]·strip(k, c) for the eight columns of a strip.
    @inline(__always)
    func multiplyAdd<S: RealScalar>(
        height: Int, stride: Int, depth: Int, _ source: UnsafePointer<S>, _ strip: UnsafePointer<S>, sign: S,
        into target: UnsafeMutablePointer<S>
    ) {
        guard depth > 0 else { return }
        if let functions = functions(for: S.self) {
            functions.pointee.multiply_add(
                Int64(height), Int64(stride), Int64(depth), float(source), float(strip), Float(sign), float(target))
        } else {
            Self.multiplyAdd(height, stride, depth, source, strip, sign, target)
        }
    }

    /// sums ← weight + (sums + Σ_{k < depth} errors[:, k]·coefficients[8·k])·reciprocal, the updated weight w′.
    @inline(__always)
    func updateColumn<S: RealScalar>(
        height: Int, stride: Int, depth: Int, errors: UnsafePointer<S>, coefficients: UnsafePointer<S>,
        reciprocal: S, weight: UnsafePointer<S>, sums: UnsafeMutablePointer<S>
    ) {
        if let functions = functions(for: S.self) {
            functions.pointee.update_column(
                Int64(height), Int64(stride), Int64(depth), float(errors), float(coefficients), Float(reciprocal),
                float(weight), float(sums))
        } else {
            Self.updateColumn(height, stride, depth, errors, coefficients, reciprocal, weight, sums)
        }
    }

    /// sums ← (sums − Σ_{k < depth} solved[:, k]·coefficients[8·k])·reciprocal: one column of a triangular solve,
    /// and in a pass r/Hⱼⱼ, once what the earlier columns have changed is taken off.
    @inline(__always)
    func solveColumn<S: RealScalar>(
        height: Int, stride: Int, depth: Int, solved: UnsafePointer<S>, coefficients: UnsafePointer<S>,
        reciprocal: S, sums: UnsafeMutablePointer<S>
    ) {
        if let functions = functions(for: S.self) {
            functions.pointee.solve_column(
                Int64(height), Int64(stride), Int64(depth), float(solved), float(coefficients), Float(reciprocal),
                float(sums))
        } else {
            Self.solveColumn(height, stride, depth, solved, coefficients, reciprocal, sums)
        }
    }

    /// The least and the greatest of a column's elements, zero among them.
    @inline(__always)
    func columnRange<S: RealScalar>(height: Int, _ values: UnsafePointer<S>) -> (low: S, high: S) {
        guard let functions = functions(for: S.self) else { return Self.columnRange(height, values) }
        var (low, high) = (Float.zero, Float.zero)
        functions.pointee.column_range(Int64(height), float(values), &low, &high)
        return (S(low), S(high))
    }

    /// The least and the greatest over the columns of weight[i, :] + update[i, :] for each row i, zero among them.
    @inline(__always)
    func rowRanges<S: RealScalar>(
        height: Int, stride: Int, columns: Int, weight: UnsafePointer<S>, update: UnsafePointer<S>?,
        low: UnsafeMutablePointer<S>, high: UnsafeMutablePointer<S>
    ) {
        if let functions = functions(for: S.self) {
            functions.pointee.row_ranges(
                Int64(height), Int64(stride), Int64(columns), float(weight), update.map(float), float(low), float(high))
        } else {
            Self.rowRanges(height, stride, columns, weight, update, low, high)
        }
    }

    /// Narrows low and high of each row, whose weights are weight[i, :] + update[i, :], to the candidate of a search with
    /// the smallest sum of squared errors, each column's weighted by its importance.
    @inline(__always)
    func searchRows<S: RealScalar>(
        height: Int, stride: Int, columns: Int, weight: UnsafePointer<S>, update: UnsafePointer<S>?,
        importance: UnsafePointer<S>, _ search: RangeSearch, low: UnsafeMutablePointer<S>,
        high: UnsafeMutablePointer<S>
    ) {
        guard let functions = functions(for: S.self) else {
            return Self.searchRows(height, stride, columns, weight, update, importance, search, low, high)
        }
        search.withKernelForm {
            functions.pointee.search_rows(
                Int64(height), Int64(stride), Int64(columns), float(weight), update.map(float), float(importance), $0,
                float(low), float(high))
        }
    }

    /// As ``searchRows(height:stride:columns:weight:update:importance:_:low:high:)`` for the elements of one column, all
    /// of the same importance.
    @inline(__always)
    func searchColumn<S: RealScalar>(
        height: Int, _ values: UnsafePointer<S>, _ search: RangeSearch, _ range: (low: S, high: S)
    ) -> (low: S, high: S) {
        guard let functions = functions(for: S.self) else { return Self.searchColumn(height, values, search, range) }
        var (low, high) = (Float(range.low), Float(range.high))
        search.withKernelForm { functions.pointee.search_column(Int64(height), float(values), $0, &low, &high) }
        return (S(low), S(high))
    }

    /// Scales and zero points of the rows of a column: `step` apart, so one for all rows if it is zero.
    struct ColumnGrid<S: RealScalar> {
        let scales: UnsafePointer<S>
        let zeros: UnsafePointer<S>
        /// What is subtracted from (code − zero)·scale, with step 1; nil for nothing. Scales may be zero or negative then.
        var offsets: UnsafePointer<S>?
        let step: Int
        let largestCode: S
    }

    /// Rounds a column of updated weights w′ to its grid: weight ← weight − Q, the error, and the codes.
    /// - Returns: Σ (w′ − Q)² and Σ (weight − Q)².
    @inline(__always)
    func quantizeColumn<S: RealScalar>(
        height: Int, updated: UnsafePointer<S>, _ grid: ColumnGrid<S>, weight: UnsafeMutablePointer<S>,
        codes: UnsafeMutablePointer<UInt8>
    ) -> (missed: Double, left: Double) {
        guard let functions = functions(for: S.self) else {
            return Self.quantizeColumn(height, updated, grid, weight, codes)
        }
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: 2) { losses in
            functions.pointee.quantize_column(
                Int64(height), float(updated), float(grid.scales), float(grid.zeros), grid.offsets.map(float),
                Int64(grid.step),
                Float(grid.largestCode), float(weight), codes, losses.baseAddress)
            return (Double(losses[0]), Double(losses[1]))
        }
    }
}

@inline(__always)
private func float<S>(_ pointer: UnsafePointer<S>) -> UnsafePointer<Float> {
    UnsafeRawPointer(pointer).assumingMemoryBound(to: Float.self)
}

@inline(__always)
private func float<S>(_ pointer: UnsafeMutablePointer<S>) -> UnsafeMutablePointer<Float> {
    UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Float.self)
}
