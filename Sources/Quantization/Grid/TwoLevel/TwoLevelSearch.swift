import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// The search of two-level grids: for each super-block of 256 weights of a row, scales and offsets on their lattice with a small
/// Σ hⱼ·(wⱼ − valueⱼ)², each weight on its nearest value. Eight rows at a time, a row in each lane.
///
/// 1. Each group by itself, as though its scale s and offset o were free: many ranges are tried, each improved by least squares.
/// 2. d and dmin: many are tried, with each group's nearest whole numbers, by the error with fixed codes (``GroupMoments``).
/// 3. From the best of them, and from full ranges, in turn: codes, whole numbers, d and dmin, each the best while the others stay;
///    then each group's neighbours on the lattice with codes of their own.
///
/// Nothing in 3 raises the error. Weights are divided by a power of two and importances by their largest, so that neither
/// overflows.
struct TwoLevelSearch<S: RealScalar>: Sendable {
    typealias Lanes = SIMD8<S>

    let type: TwoLevelType
    /// d that are tried at the end: the best few of 2.
    static var starts: Int { 3 }
    private static var rounds: Int { 3 }

    var groupSize: Int { type.groupSize }
    var groups: Int { TwoLevelType.superGroupSize / type.groupSize }
    var lowest: S { -S(type.zeroPoint) }
    var highest: S { S((1 << type.bits) - 1 - type.zeroPoint) }
    var largestOffset: S { S(type.largestOffset) }
    var scaleRange: (low: S, high: S) { (S(type.scaleRange.lowerBound), S(type.scaleRange.upperBound)) }

    /// What a super-block's rows have become.
    struct Found {
        var d: Lanes
        var dmin: Lanes
        var error: Lanes
    }

    /// Memory of one job.
    struct Memory {
        /// [256], the weights.
        let weights: UnsafeMutablePointer<Lanes>
        /// [256].
        let importance: UnsafeMutablePointer<S>
        /// Σ h of each group.
        let sums: UnsafeMutablePointer<S>
        /// [groups] each: the free scale and offset, and the whole numbers of three sets.
        let scale: UnsafeMutablePointer<Lanes>
        let offset: UnsafeMutablePointer<Lanes>
        let best: Whole
        let tried: Whole
        let moments: UnsafeMutablePointer<GroupMoments<S>>

        /// sc and m of each group.
        struct Whole {
            let scale: UnsafeMutablePointer<Lanes>
            let offset: UnsafeMutablePointer<Lanes>
        }
    }

    // MARK: A super-block

    /// Finds the grids of one super-block of up to eight rows; the other lanes hold zeros.
    /// - Parameter unit: what the weights were divided by.
    /// - Returns: d and dmin in units of the weights as they were; infinite where float16 has no number for them. The whole
    ///   numbers are in `memory.best`.
    func search(_ memory: Memory, unit: Lanes) -> Found {
        for g in 0..<groups {
            let fit = type.hasOffsets ? fitWithOffset(g, memory) : fitAroundZero(g, memory)
            (memory.scale[g], memory.offset[g]) = (fit.scale, fit.offset)
            memory.moments[g] = moments(g, memory, scale: fit.scale, offset: fit.offset)
        }
        let infinite = Lanes(repeating: .infinity)
        var found = Found(d: infinite, dmin: infinite, error: infinite)
        // The best start of each lane, then the best that is another one, and so on.
        withUnsafeTemporaryAllocation(of: Found.self, capacity: Self.starts) { starts in
            rank(memory, unit: unit, into: starts)
            for var start in starts {
                // From the free grids of the groups.
                for g in 0..<groups {
                    (memory.tried.scale[g], memory.tried.offset[g]) = nearestWhole(
                        memory.moments[g], start, current: nil)
                }
                settle(memory, &start, unit: unit)
                keep(start, memory, &found)
            }
        }
        var start = fullRanges(memory, unit: unit)
        settle(memory, &start, unit: unit)
        keep(start, memory, &found)
        found.d *= unit
        found.dmin *= unit
        return found
    }

    /// Takes what a start has become where it is better than all before.
    private func keep(_ start: Found, _ memory: Memory, _ found: inout Found) {
        let isBetter = start.error .< found.error
        found.d.replace(with: start.d, where: isBetter)
        found.dmin.replace(with: start.dmin, where: isBetter)
        found.error.replace(with: start.error, where: isBetter)
        for g in 0..<groups {
            memory.best.scale[g].replace(with: memory.tried.scale[g], where: isBetter)
            memory.best.offset[g].replace(with: memory.tried.offset[g], where: isBetter)
        }
    }

    @inline(__always)
    func moments(_ g: Int, _ memory: Memory, scale: Lanes, offset: Lanes) -> GroupMoments<S> {
        GroupMoments(
            memory.weights + g * groupSize, memory.importance + g * groupSize, count: groupSize, scale: scale,
            offset: offset, lowest: lowest, highest: highest, h: memory.sums[g])
    }

    // MARK: Codes, whole numbers, d and dmin in turn

    /// Improves a start, whose whole numbers are in `memory.tried`, until rounds are over; its error is then that of nearest codes.
    private func settle(_ memory: Memory, _ start: inout Found, unit: Lanes) {
        let whole = memory.tried
        for round in 0...Self.rounds {
            start.error = .zero
            withUnsafeTemporaryAllocation(of: GroupMoments<S>.self, capacity: groups) { moments in
                for g in 0..<groups {
                    var now = self.moments(
                        g, memory, scale: whole.scale[g] * start.d, offset: whole.offset[g] * start.dmin)
                    let found = nearestWhole(now, start, current: (whole.scale[g], whole.offset[g]))
                    now = self.moments(g, memory, scale: found.scale * start.d, offset: found.offset * start.dmin)
                    (whole.scale[g], whole.offset[g]) = found
                    if round == Self.rounds { now = tryNeighbours(g, memory, start, now) }
                    moments.initializeElement(at: g, to: now)
                }
                refit(whole, &start, moments, unit: unit)
            }
        }
        start.error = .zero
        for g in 0..<groups {
            start.error +=
                moments(g, memory, scale: whole.scale[g] * start.d, offset: whole.offset[g] * start.dmin).error
        }
    }

    /// The whole numbers with the smallest error for the codes as they are: those around the best scale, each with its best
    /// offset, and the current ones.
    @inline(__always)
    private func nearestWhole(
        _ moments: GroupMoments<S>, _ start: Found, current: (scale: Lanes, offset: Lanes)?
    ) -> (scale: Lanes, offset: Lanes) {
        let (toScale, toOffset) = (inverse(start.d), inverse(start.dmin))
        let target = moments.best(hasOffsets: type.hasOffsets).scale * toScale
        let near = wholeScale(target)
        var best = (scale: Lanes.zero, offset: Lanes.zero, error: Lanes(repeating: .infinity))
        if let current { best = (current.scale, current.offset, moments.error) }
        for step in -1...1 {
            let sc = wholeScale(near + S(step))
            let scale = sc * start.d
            let m = type.hasOffsets ? wholeOffset(moments.offset(for: scale) * toOffset) : .zero
            let error = moments.error(scale: scale, offset: m * start.dmin)
            let isBetter = error .< best.error
            best.scale.replace(with: sc, where: isBetter)
            best.offset.replace(with: m, where: isBetter)
            best.error.replace(with: error, where: isBetter)
        }
        return (best.scale, best.offset)
    }

    /// The neighbours of a group's whole numbers, each with nearest codes: the best is taken.
    @inline(__always)
    private func tryNeighbours(
        _ g: Int, _ memory: Memory, _ start: Found, _ now: GroupMoments<S>
    ) -> GroupMoments<S> {
        let whole = memory.tried
        let (sc, m) = (whole.scale[g], whole.offset[g])
        var error = now.error
        func consider(_ scale: Lanes, _ offset: Lanes) {
            let found = moments(g, memory, scale: scale * start.d, offset: offset * start.dmin).error
            let isBetter = found .< error
            whole.scale[g].replace(with: scale, where: isBetter)
            whole.offset[g].replace(with: offset, where: isBetter)
            error.replace(with: found, where: isBetter)
        }
        if type.hasOffsets {
            for a in -1...1 {
                for b in -1...1 where a != 0 || b != 0 { consider(wholeScale(sc + S(a)), wholeOffset(m + S(b))) }
            }
        } else {
            for step in -2...2 where step != 0 { consider(wholeScale(sc + S(step)), .zero) }
            consider(wholeScale(-sc), .zero)
        }
        return moments(g, memory, scale: whole.scale[g] * start.d, offset: whole.offset[g] * start.dmin)
    }

    /// d and dmin by least squares for codes and whole numbers as they are: both, or one of them, where that is better.
    @inline(__always)
    private func refit(
        _ whole: Memory.Whole, _ start: inout Found, _ moments: UnsafeMutableBufferPointer<GroupMoments<S>>, unit: Lanes
    ) {
        var (slope, shift) = (Lanes.zero, Lanes.zero)
        var (a, b, c) = (Lanes.zero, Lanes.zero, Lanes.zero)
        for g in 0..<groups {
            let (sc, m, sum) = (whole.scale[g], whole.offset[g], moments[g])
            slope += sc * sum.rq
            a += sc * sc * sum.qq
            guard type.hasOffsets else { continue }
            shift += m * sum.r
            b += sc * m * sum.q
            c += m * m * sum.h
        }
        var best = (d: start.d, dmin: start.dmin, error: Lanes.zero)
        func consider(_ ds: Lanes, _ dm: Lanes) {
            var (d, dmin) = (rounded(start.d + ds, unit), rounded(start.dmin + dm, unit))
            if type.hasOffsets {
                d.replace(with: start.d, where: .!(d .>= 0))
                dmin.replace(with: start.dmin, where: .!(dmin .>= 0))
            }
            let (ds, dm) = (d - start.d, dmin - start.dmin)
            let stretch: Lanes = ds * (ds * a - slope * 2)
            let change = stretch + dm * (shift * 2 + dm * c) - ds * dm * b * 2
            let isBetter = change .< best.error
            best.d.replace(with: d, where: isBetter)
            best.dmin.replace(with: dmin, where: isBetter)
            best.error.replace(with: change, where: isBetter)
        }
        consider(slope * inverse(a), .zero)
        if type.hasOffsets {
            consider(.zero, -shift * inverse(c))
            let determinant: Lanes = a * c - b * b
            var ds = (slope * c - b * shift) / determinant
            ds.replace(with: 0, where: .!(determinant .> a * c * S(1e-5)))
            consider(ds, (b * ds - shift) * inverse(c))
        }
        (start.d, start.dmin) = (best.d, best.dmin)
    }

    // MARK: Lattice

    @inline(__always)
    func wholeScale(_ value: Lanes) -> Lanes {
        UniformGrid.rounded(
            pointwiseMin(pointwiseMax(value, Lanes(repeating: scaleRange.low)), Lanes(repeating: scaleRange.high)))
    }

    @inline(__always)
    func wholeOffset(_ value: Lanes) -> Lanes {
        UniformGrid.rounded(pointwiseMin(pointwiseMax(value, .zero), Lanes(repeating: largestOffset)))
    }

    /// The nearest numbers of float16, in units of the divided weights.
    @inline(__always)
    func rounded(_ value: Lanes, _ unit: Lanes) -> Lanes {
        var result = value
        for lane in 0..<8 { result[lane] = nearestFloat16(value[lane] * unit[lane]) / unit[lane] }
        return result
    }
}
