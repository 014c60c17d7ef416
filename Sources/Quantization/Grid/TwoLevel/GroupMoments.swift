import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// How the weighted squared error of a group with fixed codes depends on its scale s and its offset o, for eight rows at once.
/// With r = w + o − s·q and h the importance of each weight, all sums over the group:
///
/// | here | sum |
/// |---|---|
/// | error | Σ h·r² |
/// | r | Σ h·r |
/// | rq | Σ h·r·q |
/// | q | Σ h·q |
/// | qq | Σ h·q² |
/// | h | Σ h, the same for all rows |
struct GroupMoments<S: RealScalar> {
    typealias Lanes = SIMD8<S>

    let scale: Lanes
    let offset: Lanes
    var error = Lanes.zero
    private(set) var r = Lanes.zero
    private(set) var rq = Lanes.zero
    private(set) var q = Lanes.zero
    private(set) var qq = Lanes.zero
    let h: S

    /// Codes of the group's weights on a grid, each the nearest, and the sums with them.
    /// - Parameters:
    ///   - weights: of the group, one after another, a row in each lane.
    ///   - importance: of each weight.
    ///   - lowest, highest: codes relative to the zero point.
    @inline(__always)
    init(
        _ weights: UnsafePointer<Lanes>, _ importance: UnsafePointer<S>, count: Int, scale: Lanes, offset: Lanes,
        lowest: S, highest: S, h: S
    ) {
        self.scale = scale
        self.offset = offset
        self.h = h
        let (low, high) = (Lanes(repeating: lowest), Lanes(repeating: highest))
        let reciprocal = inverse(scale)
        for j in 0..<count {
            let shifted = weights[j] + offset
            let code = UniformGrid.rounded(pointwiseMin(pointwiseMax(shifted * reciprocal, low), high))
            let miss = shifted - code * scale
            let (weighted, weightedCode) = (miss * importance[j], code * importance[j])
            error += weighted * miss
            r += weighted
            rq += weighted * code
            q += weightedCode
            qq += weightedCode * code
        }
    }

    /// Σ h·(w + offset − scale·q)² with the codes as they are.
    @inline(__always)
    func error(scale newScale: Lanes, offset newOffset: Lanes) -> Lanes {
        let (ds, dm) = (newScale - scale, newOffset - offset)
        let shift: Lanes = dm * (r * 2 + dm * h)
        let stretch: Lanes = ds * (ds * qq - rq * 2)
        return error + shift + stretch - ds * dm * q * 2
    }

    /// The best scale and offset, none negative, for the codes as they are; what they were where there is none.
    @inline(__always)
    func best(hasOffsets: Bool) -> (scale: Lanes, offset: Lanes) {
        guard hasOffsets else {
            var step = rq / qq
            step.replace(with: 0, where: qq .<= 0)
            return (scale + step, .zero)
        }
        let determinant: Lanes = qq * h - q * q
        let isWide = determinant .> qq * h * S(1e-5)
        var ds = (rq * h - q * r) / determinant
        ds.replace(with: 0, where: .!isWide)
        var bestScale = scale + ds
        var bestOffset = offset(for: bestScale)
        // Beyond the bound the best offset is zero, and the best scale that of an offset of zero.
        let isBelow = bestOffset .< 0
        let alone = scale + (rq - q * offset) / qq
        bestScale.replace(with: alone, where: isBelow .& (qq .> 0))
        bestOffset.replace(with: 0, where: isBelow)
        bestScale.replace(with: scale, where: bestScale .< 0)
        return (bestScale, bestOffset)
    }

    /// The best offset beside a scale, which may be negative.
    @inline(__always)
    func offset(for newScale: Lanes) -> Lanes {
        guard h > 0 else { return offset }
        return offset + ((newScale - scale) * q - r) * (1 / h)
    }
}

/// 1/x, and 0 of 0: a grid of one value has the code of zero for every weight.
@inline(__always)
func inverse<S: RealScalar>(_ lanes: SIMD8<S>) -> SIMD8<S> {
    (1 / lanes).replacing(with: 0, where: lanes .== 0)
}
