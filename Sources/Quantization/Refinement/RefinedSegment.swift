import AdaDimLinearAlgebra

/// One per-IC group of a column in a pass.
struct RefinedSegment<S: RealScalar> {
    typealias Grid = (scale: S, zero: S)

    /// Whole vectors.
    let height: Int
    let w: UnsafePointer<S>
    /// W − Q as it is.
    let old: UnsafePointer<S>
    let target: UnsafePointer<S>
    /// W − Q, updated by each step.
    let error: UnsafeMutablePointer<S>
    let codes: UnsafeMutablePointer<UInt8>
    let grid: UniformGrid
    let kernels: TileKernels

    /// - Parameter scratch: room for the group.
    /// - Returns: the grid that the group has now.
    func change(_ current: Grid, _ refinement: Refinement, scratch: UnsafeMutablePointer<S>) -> Grid {
        guard refinement.changesCodes else {
            let rescaled = rescaled(current)
            let before = squaredDistance(height, target, w, old)
            if recode(rescaled, keepingCodesOf: current, scratch: scratch) < before { return rescaled }
            _ = recode(current, keepingCodesOf: current, scratch: scratch)
            return current
        }
        var (best, least) = (current, quantize(on: current))
        if refinement.changesScales {
            for candidate in [rescaled(current), renewed()] {
                let miss = quantize(on: candidate)
                if miss < least { (best, least) = (candidate, miss) }
            }
            _ = quantize(on: best)
        }
        return best
    }

    /// The best scale for the codes as they are.
    private func rescaled(_ current: Grid) -> Grid {
        var (slope, curvature) = (0.0, 0.0)
        for i in 0..<height {
            let value = Double(w[i] - old[i])
            slope += value * Double(target[i])
            curvature += value * value
        }
        guard curvature > 0 else { return current }
        return (grid.rescaled(current.scale, by: S(slope / curvature) - 1).scale, current.zero)
    }

    /// The grid of the target's own range.
    private func renewed() -> Grid {
        let (low, high) = kernels.groupRange(height: height, target, RangeSearch(grid))
        return grid.parameters(low: low, high: high)
    }

    /// Rounds the target; returns Σ (target − Q)².
    private func quantize(on grid: Grid) -> Double { quantize(target, on: grid) }

    private func quantize(_ values: UnsafePointer<S>, on grid: Grid) -> Double {
        error.update(from: w, count: height)
        return kernels.quantizeGroup(
            height: height, updated: values, scale: grid.scale, zero: grid.zero,
            largestCode: S(self.grid.largestCode), weight: error, codes: codes
        ).missed
    }

    /// The codes as they are on a grid of another scale; returns Σ (target − Q)².
    private func recode(_ grid: Grid, keepingCodesOf current: Grid, scratch: UnsafeMutablePointer<S>) -> Double {
        let ratio = grid.scale / current.scale
        for i in 0..<height { scratch[i] = (w[i] - old[i]) * ratio }
        _ = quantize(scratch, on: grid)
        return squaredDistance(height, target, w, error)
    }
}

/// Σ (target − Q)², with Q = w − error.
@inline(__always)
private func squaredDistance<S: RealScalar>(
    _ height: Int, _ target: UnsafePointer<S>, _ w: UnsafePointer<S>, _ error: UnsafePointer<S>
) -> Double {
    var sum = 0.0
    for run in stride(from: 0, to: height, by: 256) {
        var lanes = SIMD8<S>.zero
        for i in stride(from: run, to: min(run + 256, height), by: 8) {
            let miss = load8(target + i) - (load8(w + i) - load8(error + i))
            lanes += miss * miss
        }
        sum += (0..<8).reduce(0.0) { $0 + Double(lanes[$1]) }
    }
    return sum
}
