import AdaDimLinearAlgebra

/// One job of the blocked sweep: a run of rows through one block of columns, on a copy of its own that stays in cache.
///
/// | here | shape | meaning |
/// |---|---|---|
/// | e | [height, width] | W before a column's turn, its error W − Q after |
/// | s | [height, width] | Σ e_k·V_kj over the columns before the block, then over more |
/// | x | [height, group] | the group's update so far, for setting a per-OC group's grid |
///
/// `height` is the number of rows rounded up to whole vectors of eight; the rows added are zero and stay zero.
struct SweepTile<S: RealScalar> {
    let rows: Range<Int>
    let columns: Range<Int>
    let grid: UniformGrid
    let layout: GroupLayout
    let factor: GramFactor<S>
    let v: MatrixView<S>
    let scales: MutableMatrixView<S>
    let zeros: MutableMatrixView<S>

    private var height: Int { (rows.count + 7) & ~7 }

    /// Rows of a tile: 64, or for per-IC as many whole groups as fit, at least one.
    static func rows(for layout: GroupLayout) -> Int {
        layout.dimension == .perOutputChannel ? 64 : max(1, 64 / layout.groupSize) * layout.groupSize
    }

    /// Sweeps the tile; returns Σ Vⱼⱼ²·‖w′ⱼ − Qⱼ‖² and Σ ridgeⱼ·‖eⱼ‖².
    func sweep(
        e: MutableMatrixView<S>, s: MutableMatrixView<S>, codes: MutableMatrixView<UInt8>, findingGrids: Bool
    ) -> (damped: Double, ridge: Double) {
        let (height, width) = (height, columns.count)
        let setsGroups = layout.dimension == .perOutputChannel && findingGrids
        var local = Matrix<S>(repeating: 0, rows: height, columns: 2 * width + (setsGroups ? layout.groupSize : 0))
        return local.withMutableView { local in
            let localE = local[rows: 0..<height, columns: 0..<width]
            let localS = local[rows: 0..<height, columns: width..<2 * width]
            localE[rows: 0..<rows.count, columns: 0..<width].copy(from: e.reading[rows: rows, columns: columns])
            localS[rows: 0..<rows.count, columns: 0..<width].copy(from: s.reading[rows: rows, columns: 0..<width])
            var loss = (damped: 0.0, ridge: 0.0)
            if setsGroups {
                let x = local[rows: 0..<height, columns: 2 * width..<2 * width + layout.groupSize]
                for start in stride(from: 0, to: width, by: layout.groupSize) {
                    let group = start..<min(start + layout.groupSize, width)
                    setGrid(of: group, e: localE, s: localS, x: x)
                    for j in group { sweepColumn(j, from: start, e: localE, s: localS, codes: codes, &loss) }
                }
            } else {
                for j in 0..<width { sweepColumn(j, from: 0, e: localE, s: localS, codes: codes, &loss) }
            }
            e[rows: rows, columns: columns].copy(
                from: localE.reading[rows: 0..<rows.count, columns: 0..<width])
            return loss
        }
    }

    /// Sets a per-OC group's grids from its updated weights W_g + [Σ_{k<j₀} e_k·V_kg]·V_gg⁻¹, and leaves in s the sums
    /// over all columns before the group.
    private func setGrid(
        of group: Range<Int>, e: MutableMatrixView<S>, s: MutableMatrixView<S>, x: MutableMatrixView<S>
    ) {
        let start = group.lowerBound
        let isFirst = columns.lowerBound + start == 0
        if !isFirst {
            for j in group {
                add(e, 0..<start, to: s.column(j), coefficients: coefficients(j), sign: 1)
                let solution = x.column(j - start)
                solution.update(from: s.column(j), count: height)
                add(x, 0..<(j - start), to: solution, coefficients: coefficients(j) + start, sign: -1)
                let reciprocal = 1 / coefficients(j)[j]
                for i in 0..<height { solution[i] *= reciprocal }
            }
        }
        let index = (columns.lowerBound + start) / layout.groupSize
        let scale = scales.column(index) + rows.lowerBound
        let zero = zeros.column(index) + rows.lowerBound
        var i = 0
        while i < height {
            var low = SIMD8<S>.zero
            var high = SIMD8<S>.zero
            for j in group {
                var weights = load8(e.column(j) + i)
                if !isFirst { weights += load8(x.column(j - start) + i) }
                low = pointwiseMin(low, weights)
                high = pointwiseMax(high, weights)
            }
            for lane in 0..<min(8, rows.count - i) {
                (scale[i + lane], zero[i + lane]) = grid.parameters(low: low[lane], high: high[lane])
            }
            i += 8
        }
    }

    /// Quantizes column j of the block: w′ = W + (s + Σ e_k·V_kj)/Vⱼⱼ over the block's columns from `start` on.
    private func sweepColumn(
        _ j: Int, from start: Int, e: MutableMatrixView<S>, s: MutableMatrixView<S>,
        codes: MutableMatrixView<UInt8>, _ loss: inout (damped: Double, ridge: Double)
    ) {
        let position = columns.lowerBound + j
        let input = factor.order?[position] ?? position
        let pivot = coefficients(j)[j]
        let updated = s.column(j)
        let weight = e.column(j)
        let code = codes.column(input) + rows.lowerBound
        add(e, start..<j, to: updated, coefficients: coefficients(j) + start, sign: 1)
        let reciprocal = 1 / pivot
        for i in 0..<height { updated[i] = weight[i] + updated[i] * reciprocal }

        var damped = SIMD8<S>.zero
        var ridge = SIMD8<S>.zero
        switch layout.dimension {
        case .perOutputChannel:
            let group = input / layout.groupSize
            let (scale, zero) = (scales.column(group) + rows.lowerBound, zeros.column(group) + rows.lowerBound)
            quantizeRows(0..<rows.count, updated, weight, code, &damped, &ridge) { i, count in
                (load8(scale + i, count, filling: 1), load8(zero + i, count, filling: 0))
            }
        case .perInputChannel:
            for first in stride(from: 0, to: rows.count, by: layout.groupSize) {
                let group = first..<min(first + layout.groupSize, rows.count)
                let (low, high) = range(of: updated, group)
                let parameters = grid.parameters(low: low, high: high)
                let index = (rows.lowerBound + first) / layout.groupSize
                (scales[index, input], zeros[index, input]) = parameters
                let scale = SIMD8<S>(repeating: parameters.scale)
                let zero = SIMD8<S>(repeating: parameters.zero)
                quantizeRows(group, updated, weight, code, &damped, &ridge) { _, _ in (scale, zero) }
            }
        }
        loss.damped += Double(pivot) * Double(pivot) * sum(damped)
        loss.ridge += Double(factor.ridge[position]) * sum(ridge)
    }

    /// Quantizes some rows of a column, eight at a time: w′ → code, W → error, and the squares of w′ − Q and of W − Q.
    @inline(__always)
    private func quantizeRows(
        _ rows: Range<Int>, _ updated: UnsafeMutablePointer<S>, _ weight: UnsafeMutablePointer<S>,
        _ code: UnsafeMutablePointer<UInt8>, _ damped: inout SIMD8<S>, _ ridge: inout SIMD8<S>,
        _ parameters: (_ row: Int, _ count: Int) -> (scale: SIMD8<S>, zero: SIMD8<S>)
    ) {
        var i = rows.lowerBound
        while i < rows.upperBound {
            let count = min(8, rows.upperBound - i)
            let (scale, zero) = parameters(i, count)
            let target = load8(updated + i, count, filling: 0)
            let original = load8(weight + i, count, filling: 0)
            let relative = grid.relativeCodes(target, scale: scale, zero: zero)
            let value = relative * scale
            let missed = target - value
            let error = original - value
            damped += missed * missed
            ridge += error * error
            store8(error, weight + i, count)
            let stored = relative + zero
            for lane in 0..<count { code[i + lane] = storedCode(stored[lane]) }
            i += 8
        }
    }

    /// The least and the greatest of some elements of a column, zero among them.
    @inline(__always)
    private func range(of values: UnsafeMutablePointer<S>, _ rows: Range<Int>) -> (low: S, high: S) {
        var low = SIMD8<S>.zero
        var high = SIMD8<S>.zero
        var i = rows.lowerBound
        while i < rows.upperBound {
            let eight = load8(values + i, min(8, rows.upperBound - i), filling: 0)
            low = pointwiseMin(low, eight)
            high = pointwiseMax(high, eight)
            i += 8
        }
        return (low.min(), high.max())
    }

    /// Row indices of V that belong to the block, in its column j of the block: element k is V_kj.
    @inline(__always)
    private func coefficients(_ j: Int) -> UnsafePointer<S> {
        v.column(columns.lowerBound + j) + columns.lowerBound
    }

    /// target ← target ± Σ_k source_k·coefficients[k − first], a column of `height` elements.
    @inline(__always)
    private func add(
        _ source: MutableMatrixView<S>, _ range: Range<Int>, to target: UnsafeMutablePointer<S>,
        coefficients: UnsafePointer<S>, sign: S
    ) {
        guard !range.isEmpty else { return }
        let stride = source.leadingDimension
        let first = source.column(range.lowerBound)
        var i = 0
        while i + 32 <= height {
            var (a, b, c, d) = (
                load8(target + i), load8(target + i + 8), load8(target + i + 16), load8(target + i + 24)
            )
            var column = first + i
            for k in 0..<range.count {
                let factor = SIMD8<S>(repeating: sign * coefficients[k])
                a += load8(column) * factor
                b += load8(column + 8) * factor
                c += load8(column + 16) * factor
                d += load8(column + 24) * factor
                column += stride
            }
            store8(a, target + i)
            store8(b, target + i + 8)
            store8(c, target + i + 16)
            store8(d, target + i + 24)
            i += 32
        }
        while i < height {
            var a = load8(target + i)
            var column = first + i
            for k in 0..<range.count {
                a += load8(column) * SIMD8<S>(repeating: sign * coefficients[k])
                column += stride
            }
            store8(a, target + i)
            i += 8
        }
    }

    @inline(__always)
    private func sum(_ lanes: SIMD8<S>) -> Double {
        (0..<8).reduce(0.0) { $0 + Double(lanes[$1]) }
    }
}
