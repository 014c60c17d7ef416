import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

extension TwoLevelSearch {
    /// Ranges that end up to a step inside those of the weights, and such that fewer codes span the weights: a group's few weights are
    /// often nearer to a coarser grid that happens to fit them.
    @inline(__always)
    func fitWithOffset(_ g: Int, _ memory: Memory) -> (scale: Lanes, offset: Lanes) {
        let weights = memory.weights + g * groupSize
        var (low, high) = (weights[0], weights[0])
        for j in 1..<groupSize {
            low = pointwiseMin(low, weights[j])
            high = pointwiseMax(high, weights[j])
        }
        low = pointwiseMin(low, .zero)
        let step = (high - low) * (1 / highest)
        var best = (scale: Lanes.zero, offset: -low, error: Lanes(repeating: .infinity))
        for a in 0..<5 {
            for b in 0..<5 {
                let start = pointwiseMin(low + step * (S(a) / 4), .zero)
                let end = high - step * (S(b) / 4)
                let scale = pointwiseMax((end - start) * (1 / highest), .zero)
                improve(&best, moments(g, memory, scale: scale, offset: -start))
            }
        }
        let most = Int(highest)
        for steps in max(most - 8, (most + 1) / 2)..<most {
            let scale = (high - low) * (1 / S(steps))
            for third in 0..<3 {
                improve(&best, moments(g, memory, scale: scale, offset: scale * (S(third) / 3) - low))
            }
        }
        for _ in 0..<3 { improve(&best, moments(g, memory, scale: best.scale, offset: best.offset)) }
        return (best.scale, best.offset)
    }

    /// Scales of both signs, with which the largest weight is near either end of the codes, and coarser ones.
    @inline(__always)
    func fitAroundZero(_ g: Int, _ memory: Memory) -> (scale: Lanes, offset: Lanes) {
        let weights = memory.weights + g * groupSize
        var largest = Lanes.zero
        for j in 0..<groupSize { largest = pointwiseMax(largest, pointwiseMax(weights[j], -weights[j])) }
        var best = (scale: Lanes.zero, offset: Lanes.zero, error: Lanes(repeating: .infinity))
        let end = type.zeroPoint
        func consider(_ code: S) {
            let scale = largest * (1 / code)
            improve(&best, moments(g, memory, scale: scale, offset: .zero))
            improve(&best, moments(g, memory, scale: -scale, offset: .zero))
        }
        // In steps of a quarter code, from one inside the range to one and a half beyond it.
        for t in 0..<11 { consider(S(end - 1) + S(t) / 4) }
        for code in end / 2..<end - 1 { consider(S(code)) }
        for _ in 0..<3 { improve(&best, moments(g, memory, scale: best.scale, offset: .zero)) }
        return (best.scale, .zero)
    }

    /// Takes the best scale and offset for some codes where they are better than all before.
    @inline(__always)
    private func improve(
        _ best: inout (scale: Lanes, offset: Lanes, error: Lanes), _ moments: GroupMoments<S>
    ) {
        let (scale, offset) = moments.best(hasOffsets: type.hasOffsets)
        let error = moments.error(scale: scale, offset: offset)
        let isBetter = error .< best.error
        best.scale.replace(with: scale, where: isBetter)
        best.offset.replace(with: offset, where: isBetter)
        best.error.replace(with: error, where: isBetter)
    }
}
