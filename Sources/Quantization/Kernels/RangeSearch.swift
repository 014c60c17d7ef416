import AdaDimKernels
import AdaDimLinearAlgebra

/// The ranges that a search tries: shares of a group's least and greatest weight, all of both first.
struct RangeCandidates: Sendable {
    let lowShares: [Float]
    let highShares: [Float]

    var count: Int { lowShares.count }

    /// Both ends apart, each in steps of a tenth of it down to two fifths.
    static let all: RangeCandidates = {
        let shares = (0...6).map { 1 - Float($0) / 10 }
        let pairs = shares.flatMap { low in shares.map { (low: low, high: $0) } }
        return RangeCandidates(lowShares: pairs.map(\.low), highShares: pairs.map(\.high))
    }()
}

/// A search's candidates with the grid that they are tried on.
struct RangeSearch: Sendable {
    let candidates: RangeCandidates
    let grid: UniformGrid

    /// nil where the grid takes full ranges.
    init?(_ grid: UniformGrid) {
        guard grid.ranges == .search else { return nil }
        candidates = .all
        self.grid = grid
    }

    /// Calls `body` with the search in the form of the C kernels.
    @inline(__always)
    func withKernelForm(_ body: (UnsafePointer<adadim_range_search>) -> Void) {
        candidates.lowShares.withUnsafeBufferPointer { low in
            candidates.highShares.withUnsafeBufferPointer { high in
                var form = adadim_range_search(
                    low_shares: low.baseAddress, high_shares: high.baseAddress, count: Int64(candidates.count),
                    largest: Float(grid.largestCode), middle: grid.isSymmetric ? Float(1 << (grid.bits - 1)) : -1)
                body(&form)
            }
        }
    }

    /// A grid of eight lanes before its scale is rounded: what errors are tried with.
    struct TrialGrid<S: RealScalar> {
        let scale: SIMD8<S>
        let reciprocal: SIMD8<S>
        let lowest: SIMD8<S>
        let highest: SIMD8<S>

        @inline(__always)
        func squaredMiss(_ weights: SIMD8<S>) -> SIMD8<S> {
            let clamped = pointwiseMin(pointwiseMax(weights * reciprocal, lowest), highest)
            let miss = weights - UniformGrid.rounded(clamped) * scale
            return miss * miss
        }
    }

    @inline(__always)
    func trialGrid<S: RealScalar>(low: SIMD8<S>, high: SIMD8<S>) -> TrialGrid<S> {
        let largest = S(grid.largestCode)
        let least = SIMD8<S>(repeating: S.leastNormalMagnitude)
        if grid.isSymmetric {
            let scale = pointwiseMax(pointwiseMax(-low, high) * (2 / largest), least)
            let lowest = SIMD8<S>(repeating: -S(1 << (grid.bits - 1)))
            return TrialGrid(scale: scale, reciprocal: 1 / scale, lowest: lowest, highest: lowest + largest)
        }
        let scale = pointwiseMax((high - low) * (1 / largest), least)
        let reciprocal = 1 / scale
        let lowest = UniformGrid.rounded(pointwiseMax(low * reciprocal, SIMD8(repeating: -largest)))
        return TrialGrid(scale: scale, reciprocal: reciprocal, lowest: lowest, highest: lowest + largest)
    }
}
