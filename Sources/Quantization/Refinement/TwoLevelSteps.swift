import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// Changes scales and offsets of two-level grids, each row's by itself, while codes stay; what is stored stays on its lattice.
/// Super-block after super-block: first each group's whole numbers sc and m take the best of a few whole steps, then d and dmin
/// take the best of a few steps in float16. The loss that they lower is tr(E·(H + λI)·Eᵀ) of all columns (``LossOfStep``).
struct TwoLevelSteps<S: RealScalar>: PassStep {
    static func elementsPerRow(of shape: StepShape) -> Int {
        shape.isTwoLevel ? TwoLevelStepMemory<S>.elementsPerRow : 0
    }

    /// For each panel at work the columns of H of a super-block.
    static func sharedElements(of shape: StepShape, _ refinement: Refinement) -> Int {
        shape.isTwoLevel && refinement.changesScales
            ? shape.threads * TwoLevelStepMemory<S>.sharedElements(columns: shape.columns) : 0
    }

    /// What the products take is counted as a share of the pass's.
    static func flopsPerRow(columns: Int) -> Double { 0 }

    private let panel: RefinementPanel<S>
    private let memory: TwoLevelStepMemory<S>
    private let parts: TwoLevelView<S>

    /// nil where scales stay, and for other grids.
    init?(_ panel: RefinementPanel<S>) {
        guard panel.refinement.changesScales, let parts = panel.result.twoLevel, let memory = panel.memory.twoLevel
        else { return nil }
        self.panel = panel
        self.parts = parts
        self.memory = memory
    }

    var worksBeforeBlocks: Bool { true }
    var worksInBlocks: Bool { false }
    func change(_ block: SymmetricBlock<S>, _ residual: MutableMatrixView<S>) -> Bool { false }

    private var rows: Int { panel.rows }
    private var type: TwoLevelType { parts.type }

    @_specialize(where S == Float)
    @_specialize(where S == Double)
    func changeBeforeBlocks(share: Double) -> Bool {
        var hasChanged = false
        for block in 0..<parts.superScales.columns {
            if panel.isCancelled { return hasChanged }
            let width = TwoLevelType.superGroupSize
            let inputs = block * width..<(block + 1) * width
            memory.gather(inputs, of: panel.gram)
            gemm(1, panel.errors.reading, .none, memory.columns, .none, 0, memory.residual(rows: rows))
            panel.flops?.add(share * panel.flops(width))
            var isChanged = false
            for group in 0..<parts.groups where changeWhole(group, ofBlock: block) { isChanged = true }
            if changeSuper(block) { isChanged = true }
            guard isChanged else { continue }
            for input in inputs { renewErrors(input) }
            hasChanged = true
        }
        return hasChanged
    }

    // MARK: Whole numbers of a group

    /// Σ over the rows k of a group of H's square: the product of ones with it, at each column of the super-block.
    private func columnSums(ofGroup group: Int) -> [Double] {
        let size = type.groupSize
        return (0..<TwoLevelType.superGroupSize).map { j in
            (0..<size).reduce(0.0) { $0 + Double(memory.square[group * size + $1, j]) }
        }
    }

    /// - Returns: whether anything changed.
    private func changeWhole(_ group: Int, ofBlock block: Int) -> Bool {
        let size = type.groupSize
        let columns = group * size..<(group + 1) * size
        let index = block * parts.groups + group
        let values = memory.values(rows: rows, columns: size)
        let products = memory.products(rows: rows)
        let residual = memory.residual(rows: rows)
        for (place, j) in columns.enumerated() {
            fillCodes(ofInput: block * TwoLevelType.superGroupSize + j, into: values.column(place), times: nil)
        }
        gemm(
            1, values.reading, .none, memory.square[rows: columns, columns: 0..<products.columns], .none, 0, products)
        // c·R, cHc, t·R, tHc and Σ c²Hⱼⱼ.
        let sums = memory.rowSums
        sums.fill(with: 0)
        for (place, j) in columns.enumerated() {
            let (c, r, product) = (values.column(place), residual.column(j), products.column(j))
            sums.add(c, r, rows: rows, to: 0)
            sums.add(c, product, rows: rows, to: 1)
            sums.addSquares(of: c, times: memory.square[j, j], rows: rows, to: 4)
            guard type.hasOffsets else { continue }
            sums.add(r, rows: rows, to: 2)
            sums.add(product, rows: rows, to: 3)
        }
        let ones = columnSums(ofGroup: group)
        let rounding = Double(size) * Double(S.ulpOfOne)
        var loss = LossOfStep()
        loss.tHt = columns.reduce(0) { $0 + ones[$1] }
        loss.tRounding = rounding * columns.reduce(0) { $0 + Double(memory.square[$1, $1]) }
        var isChanged = false
        for i in 0..<rows {
            (loss.cR, loss.cHc, loss.tR, loss.tHc) = (sums[i, 0], sums[i, 1], sums[i, 2], sums[i, 3])
            loss.cRounding = rounding * sums[i, 4]
            let (scale, offset) = takeWholeStep(row: i, group: index, block: block, loss)
            // Kept for the residual.
            (sums[i, 0], sums[i, 1]) = (scale, offset)
            isChanged = isChanged || scale != 0 || offset != 0
        }
        guard isChanged else { return false }
        for j in 0..<products.columns {
            let (target, product, one) = (residual.column(j), products.column(j), ones[j])
            for i in 0..<rows { target[i] -= S(sums[i, 0]) * product[i] - S(sums[i, 1] * one) }
        }
        return true
    }

    /// Takes the best of a few whole steps of one group's sc and m.
    /// - Returns: what its scale and its offset have changed by.
    private func takeWholeStep(
        row i: Int, group: Int, block: Int, _ loss: LossOfStep
    ) -> (scale: Double, offset: Double) {
        let (d, dmin) = (Double(parts.superScales[i, block]), Double(parts.superOffsets[i, block]))
        let (sc, m) = (Int(parts.wholeScales[i, group]), Int(parts.wholeOffsets[i, group]))
        let hasOffset = type.hasOffsets && dmin > 0
        let target = d == 0 ? 0 : (loss.bestScale(withOffset: hasOffset) / d).rounded()
        let range = type.scaleRange
        var best = (sc: sc, m: m, change: 0.0)
        func consider(_ newScale: Int) {
            let ds = d * Double(newScale - sc)
            var newOffset = m
            if hasOffset {
                let step = (loss.bestOffset(beside: ds) / dmin).rounded()
                newOffset = clamped(step, around: m, 0...type.largestOffset)
            }
            let change = loss.change(ds, dmin * Double(newOffset - m))
            if change < best.change { best = (newScale, newOffset, change) }
        }
        consider(sc)
        if d != 0 {
            // Around the best, and beside what is there, so that no neighbour is better in the end.
            let near = clamped(target, around: sc, range)
            for step in -1...1 {
                for candidate in [near + step, sc + step] where range.contains(candidate) && candidate != sc {
                    consider(candidate)
                }
            }
        }
        guard best.change < 0 else { return (0, 0) }
        parts.wholeScales[i, group] = Int8(best.sc)
        parts.wholeOffsets[i, group] = UInt8(best.m)
        renewGroup(row: i, group: group, block: block)
        return (d * Double(best.sc - sc), dmin * Double(best.m - m))
    }

    /// A whole number and a step from it, kept in a range; the number itself where the step is no number.
    private func clamped(_ step: Double, around whole: Int, _ range: ClosedRange<Int>) -> Int {
        guard step.isFinite else { return whole }
        let (low, high) = (Double(range.lowerBound - whole), Double(range.upperBound - whole))
        return whole + Int(min(max(step, low), high))
    }

    /// Scale and offset of a group from their parts.
    private func renewGroup(row i: Int, group: Int, block: Int) {
        panel.result.scales[i, group] = parts.superScales[i, block] * S(parts.wholeScales[i, group])
        parts.offsets[i, group] = parts.superOffsets[i, block] * S(parts.wholeOffsets[i, group])
    }

    // MARK: d and dmin

    /// - Returns: whether anything changed.
    private func changeSuper(_ block: Int) -> Bool {
        let (size, width) = (type.groupSize, TwoLevelType.superGroupSize)
        let values = memory.values(rows: rows, columns: width)
        let products = memory.products(rows: rows)
        let residual = memory.residual(rows: rows)
        for j in 0..<width {
            fillCodes(
                ofInput: block * width + j, into: values.column(j),
                times: parts.wholeScales.column(block * parts.groups + j / size))
        }
        gemm(1, values.reading, .none, memory.square, .none, 0, products)
        // c·R, cHc, t·R, tHc, Σ c²Hⱼⱼ and Σ t²Hⱼⱼ, with c = sc·code and t = m.
        let sums = memory.rowSums
        sums.fill(with: 0)
        for j in 0..<width {
            let (c, r, product) = (values.column(j), residual.column(j), products.column(j))
            sums.add(c, r, rows: rows, to: 0)
            sums.add(c, product, rows: rows, to: 1)
            sums.addSquares(of: c, times: memory.square[j, j], rows: rows, to: 4)
            guard type.hasOffsets else { continue }
            let m = parts.wholeOffsets.column(block * parts.groups + j / size)
            let diagonal = Double(memory.square[j, j])
            for i in 0..<rows {
                let t = Double(m[i])
                sums[i, 2] += t * Double(r[i])
                sums[i, 3] += t * Double(product[i])
                sums[i, 5] += t * t * diagonal
            }
        }
        let between = type.hasOffsets ? sumsBetweenGroups() : []
        let rounding = Double(width) * Double(S.ulpOfOne)
        var isChanged = false
        for i in 0..<rows {
            var loss = LossOfStep()
            (loss.cR, loss.cHc, loss.tR, loss.tHc) = (sums[i, 0], sums[i, 1], sums[i, 2], sums[i, 3])
            (loss.cRounding, loss.tRounding) = (rounding * sums[i, 4], rounding * sums[i, 5])
            if type.hasOffsets {
                for a in 0..<parts.groups {
                    for b in 0..<parts.groups {
                        let first = block * parts.groups
                        let m = Double(parts.wholeOffsets[i, first + a]) * Double(parts.wholeOffsets[i, first + b])
                        loss.tHt += m * between[a * parts.groups + b]
                    }
                }
            }
            if takeSuperStep(row: i, block: block, loss) { isChanged = true }
        }
        return isChanged
    }

    /// Sums of H's square between each two groups.
    private func sumsBetweenGroups() -> [Double] {
        let (groups, size) = (parts.groups, type.groupSize)
        return (0..<groups).flatMap { group in
            let sums = columnSums(ofGroup: group)
            return (0..<groups).map { other in sums[other * size..<(other + 1) * size].reduce(0, +) }
        }
    }

    /// Takes the best of three steps of d and dmin: of either, and of both.
    private func takeSuperStep(row i: Int, block: Int, _ loss: LossOfStep) -> Bool {
        let (d, dmin) = (parts.superScales[i, block], parts.superOffsets[i, block])
        var best = (d: d, dmin: dmin, change: 0.0)
        func consider(_ scaleStep: Double, _ offsetStep: Double) {
            let newScale = nearestFloat16(d + S(scaleStep))
            let newOffset = nearestFloat16(dmin + S(offsetStep))
            guard newScale.isFinite && newOffset.isFinite && newOffset >= 0 && (newScale >= 0 || !type.hasOffsets)
            else {
                return
            }
            let change = loss.change(Double(newScale) - Double(d), Double(newOffset) - Double(dmin))
            if change < best.change { best = (newScale, newOffset, change) }
        }
        consider(loss.bestScale(withOffset: false), 0)
        if type.hasOffsets {
            consider(0, loss.bestOffset(beside: 0))
            let both = loss.bestScale(withOffset: true)
            consider(both, loss.bestOffset(beside: both))
        }
        guard best.change < 0 else { return false }
        parts.superScales[i, block] = best.d
        parts.superOffsets[i, block] = best.dmin
        for group in block * parts.groups..<(block + 1) * parts.groups {
            renewGroup(row: i, group: group, block: block)
        }
        return true
    }

    // MARK: Columns

    /// Codes relative to the zero point, times whole scales or alone.
    private func fillCodes(
        ofInput input: Int, into target: UnsafeMutablePointer<S>, times scales: UnsafeMutablePointer<Int8>?
    ) {
        let codes = panel.result.codes.column(input)
        let zero = Int(type.zeroPoint)
        if let scales {
            for i in 0..<rows { target[i] = S((Int(codes[i]) - zero) * Int(scales[i])) }
        } else {
            for i in 0..<rows { target[i] = S(Int(codes[i]) - zero) }
        }
    }

    /// E at one input, from what is stored.
    private func renewErrors(_ input: Int) {
        let group = input / type.groupSize
        let (codes, original) = (panel.result.codes.column(input), panel.weight.column(input))
        let (scales, offsets) = (panel.result.scales.column(group), parts.offsets.column(group))
        let error = panel.errors.column(memory.position(of: input))
        let zero = S(type.zeroPoint)
        for i in 0..<rows {
            error[i] = original[i] - S(Float((S(codes[i]) - zero) * scales[i] - offsets[i]))
        }
    }
}

extension MutableMatrixView<Double> {
    /// Adds a column's elements to the sums of each row.
    fileprivate func add<S: RealScalar>(_ a: UnsafePointer<S>, rows: Int, to sum: Int) {
        let sums = column(sum)
        for i in 0..<rows { sums[i] += Double(a[i]) }
    }
}
