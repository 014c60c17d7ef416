import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

extension TwoLevelSearch {
    /// The d with the smallest errors, each with its best dmin, the best first.
    func rank(_ memory: Memory, unit: Lanes, into starts: UnsafeMutableBufferPointer<Found>) {
        let infinite = Lanes(repeating: .infinity)
        starts.initialize(repeating: Found(d: infinite, dmin: infinite, error: infinite))
        var (largestScale, largestOffset) = (Lanes.zero, Lanes.zero)
        for g in 0..<groups {
            let scale = memory.scale[g]
            let isLarger = scale * scale .> largestScale * largestScale
            largestScale.replace(with: scale, where: isLarger)
            largestOffset = pointwiseMax(largestOffset, memory.offset[g])
        }
        for side in 0..<(type.hasOffsets ? 1 : 2) {
            let end = side == 0 ? scaleRange.high : scaleRange.low
            for share in shares {
                let d = rounded(largestScale * (1 / (end * S(share))), unit)
                let reciprocal = inverse(d)
                for g in 0..<groups {
                    memory.tried.scale[g] = wholeScale(memory.scale[g] * reciprocal)
                }
                var candidate = Found(d: d, dmin: .zero, error: infinite)
                if type.hasOffsets {
                    for share in shares {
                        let dmin = rounded(largestOffset * (1 / (self.largestOffset * S(share))), unit)
                        let reciprocal = inverse(dmin)
                        var error = Lanes.zero
                        for g in 0..<groups {
                            let scale = memory.tried.scale[g] * d
                            let m = wholeOffset(memory.moments[g].offset(for: scale) * reciprocal)
                            error += memory.moments[g].error(scale: scale, offset: m * dmin)
                        }
                        let isBetter = error .< candidate.error
                        candidate.dmin.replace(with: dmin, where: isBetter)
                        candidate.error.replace(with: error, where: isBetter)
                    }
                } else {
                    candidate.error = .zero
                    for g in 0..<groups {
                        candidate.error += memory.moments[g].error(scale: memory.tried.scale[g] * d, offset: .zero)
                    }
                }
                insert(candidate, into: starts)
            }
        }
    }

    /// Keeps starts in order, each lane by itself.
    @inline(__always)
    private func insert(_ candidate: Found, into starts: UnsafeMutableBufferPointer<Found>) {
        var carried = candidate
        for place in starts.indices {
            let isBetter = carried.error .< starts[place].error
            let displaced = starts[place]
            starts[place].d.replace(with: carried.d, where: isBetter)
            starts[place].dmin.replace(with: carried.dmin, where: isBetter)
            starts[place].error.replace(with: carried.error, where: isBetter)
            carried.d.replace(with: displaced.d, where: isBetter)
            carried.dmin.replace(with: displaced.dmin, where: isBetter)
            carried.error.replace(with: displaced.error, where: isBetter)
        }
    }

    /// Full ranges of all groups, on the lattice that the largest of them spans: the result is never worse. Beside an outlier the
    /// other groups have whole numbers of one or two, where codes that were fitted without a lattice say little.
    /// - Returns: d and dmin; the whole numbers are in `memory.tried`.
    func fullRanges(_ memory: Memory, unit: Lanes) -> Found {
        var (largestScale, largestOffset) = (Lanes.zero, Lanes.zero)
        for g in 0..<groups {
            var (low, high) = (Lanes.zero, Lanes.zero)
            for j in g * groupSize..<(g + 1) * groupSize {
                low = pointwiseMin(low, memory.weights[j])
                high = pointwiseMax(high, memory.weights[j])
            }
            let scale =
                type.hasOffsets
                ? (high - low) * (1 / highest) : high.replacing(with: low, where: -low .> high) * (1 / lowest)
            (memory.tried.scale[g], memory.tried.offset[g]) = (scale, -low)
            largestScale.replace(with: scale, where: scale * scale .> largestScale * largestScale)
            largestOffset = pointwiseMax(largestOffset, -low)
        }
        let end = type.hasOffsets ? scaleRange.high : scaleRange.low
        let d = rounded(largestScale * (1 / end), unit)
        let dmin = type.hasOffsets ? rounded(largestOffset * (1 / self.largestOffset), unit) : .zero
        let (toScale, toOffset) = (inverse(d), inverse(dmin))
        for g in 0..<groups {
            memory.tried.scale[g] = wholeScale(memory.tried.scale[g] * toScale)
            memory.tried.offset[g] = wholeOffset(memory.tried.offset[g] * toOffset)
        }
        return Found(d: d, dmin: dmin, error: Lanes(repeating: .infinity))
    }
}

/// Shares of the largest whole number that a super-block's largest scale and offset are tried at.
private let shares: [Float] = [1.06, 1.03, 1, 0.97, 0.94, 0.9, 0.86, 0.81, 0.75]
