import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

/// Where passes end.
@Suite struct RefinementEndTests {
    /// At the end of enough passes no code has a better value and no scale a better neighbour while all else stays, by
    /// trying every one of them.
    @Test(arguments: Refinement.Parts.allCases, ChannelDimension.allCases)
    func enoughPassesEndWhereNothingIsLeftToGain(_ parts: Refinement.Parts, _ dimension: ChannelDimension) throws {
        var improved = 0
        for (inputs, groupSize, activationOrder, ranges) in [
            (12, 5, false, RangeRule.full), (12, 5, true, .search), (140, nil, false, .search), (150, 48, true, .full),
        ] {
            for bits in [2, 3] {
                let random = RandomLayer(out: 9, in: inputs, seed: 61)
                let layer = try RefinedLayer<Double>(
                    random.weight, activations: random.activations, UniformGrid(bits: bits, ranges: ranges),
                    groupSize: groupSize, dimension, activationOrder: activationOrder)
                let refined = try layer.refined(parts, passes: 1000)
                let place = Comment(rawValue: "in \(inputs), \(bits) bits")
                #expect(try layer.refined(parts, passes: 2000).quantized == refined.quantized, place)
                let end = layer.state(refined.quantized)
                if parts != .scales { expectNoBetterCode(layer, end, place) }
                if parts != .codes { expectNoBetterScale(layer, end, place) }
                let swept = try layer.refined(parts, passes: 0)
                if end.dampedLoss < layer.state(swept.quantized).dampedLoss { improved += 1 }
            }
        }
        // Fewer passes did not get there: the search above can fail.
        #expect(improved >= 7)
    }

    private func expectNoBetterCode(_ layer: RefinedLayer<Double>, _ end: RefinedLayer<Double>.State, _ place: Comment)
    {
        var better: [String] = []
        for i in 0..<layer.layout.rows {
            for j in 0..<layer.layout.columns {
                for code in 0...layer.grid.largestCode where code != Int(end.quantized.codes[i, j]) {
                    let step = Double(code - Int(end.quantized.codes[i, j])) * end.scale(i, j)
                    let change = -2 * step * end.r[i, j] + step * step * layer.damped[j, j]
                    if change < -layer.roundingOfAStep(end, i, j, abs(step)) {
                        better.append("\(code) at (\(i), \(j)) by \(-change)")
                    }
                }
            }
        }
        #expect(better.isEmpty, "\(place), \(better.count) codes: \(better.first ?? "")")
    }

    private func expectNoBetterScale(_ layer: RefinedLayer<Double>, _ end: RefinedLayer<Double>.State, _ place: Comment)
    {
        let scales = end.quantized.scales
        var tried = 0
        for r in 0..<scales.rows {
            for c in 0..<scales.columns {
                let members = layer.layout.members(r, c)
                // bfloat16 has eight significant bits.
                let scale = Double(scales[r, c])
                let above = Double(sign: .plus, exponent: scale.exponent - 7, significand: 1)
                let below = scale.significand == 1 ? above / 2 : above
                var (slope, curvature, terms) = (0.0, 0.0, 0.0)
                for (i, j) in members {
                    slope += end.q[i, j] * end.r[i, j]
                    terms += layer.roundingOfAStep(end, i, j, abs(end.q[i, j]))
                    for (k, l) in members where k == i { curvature += end.q[i, j] * layer.damped[j, l] * end.q[i, l] }
                }
                // Codes that would best stand for the opposite: no scale is small enough, and it stays.
                if slope <= -curvature { continue }
                for share in [above / scale, -below / scale] {
                    let change = -2 * share * slope + share * share * curvature
                    #expect(change >= -abs(share) * terms, "\(place), scale (\(r), \(c))")
                    tried += 1
                }
            }
        }
        // Hardly any is left out.
        #expect(tried >= 2 * scales.count * 9 / 10, place)
    }
}

extension RefinedLayer {
    /// By how much rounding may misjudge a step of weight (i, j): 2·|Δq| times the error of R, γ|E||H|, and what rounding
    /// w and q does, as in ``passBound(_:_:)``.
    fileprivate func roundingOfAStep(_ state: State, _ i: Int, _ j: Int, _ step: Double) -> Double {
        let eps = Double(S.ulpOfOne)
        var terms = 0.0
        for k in 0..<layout.columns { terms += abs(state.e[i, k] * damped[k, j]) }
        let gamma = Double(layout.columns + 8) * eps
        return 2 * step * (gamma * terms + 4 * eps * damped[j, j] * (abs(w[i, j]) + abs(state.q[i, j]) + step))
    }
}
