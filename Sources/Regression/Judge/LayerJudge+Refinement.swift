import AdaDimLinearAlgebra
import AdaDimQuantization

extension LayerJudge {
    /// What passes may have made of a swept layer.
    /// - Parameter swept: the same layer without its passes, judged.
    func judgeRefinement(of swept: LayerJudge, into findings: inout Findings) {
        judgeLoss(after: swept, into: &findings)
        if options.refinement.parts != .scales && layer.quantized == swept.layer.quantized {
            judgeUnchanged(into: &findings)
        }
        judgeScales(into: &findings)
    }

    /// The damped loss is known up to its bound before and after; a pass itself may raise it by no more than the rounding that it
    /// finds its steps with, which is within those bounds, once for each pass.
    private func judgeLoss(after swept: LayerJudge, into findings: inout Findings) {
        let passes = options.refinement.passes
        var worst = WorstElement()
        worst.add(
            max(0, loss.dampedLoss - swept.loss.dampedLoss), bound: loss.bound + Double(1 + passes) * swept.loss.bound,
            0, 0)
        findings.add(
            .refinement, ratio: worst.ratio,
            "the damped loss is \(loss.dampedLoss) after \(passes) passes, \(swept.loss.dampedLoss) before")
    }

    /// Passes that left everything as it was must have found nothing: no code's neighbour lowers the damped loss. With
    /// R = E·(H + λI), a step d of one element of Q changes the loss by d²·(Hⱼⱼ + λ) − 2·d·rᵢⱼ. The engine knows r up to
    /// (n+8)·eps·(|E|·|H + λI|), and its target up to some roundings of W and Q.
    private func judgeUnchanged(into findings: inout Findings) {
        let products = CertifiedProduct.symmetric(error, factor.gram)
        let sizes = CertifiedProduct.symmetric(error.magnitudes, factor.gram.magnitudes)
        findings.add(.judge, ratio: max(products.ratio, sizes.ratio), "dsymm of an error and the Gram matrix")
        let (n, epsilon, largest) = (Double(factor.inputs), factor.epsilon, (1 << options.grid.bits) - 1)
        var (worst, lost) = (WorstElement(), 0.0)
        let offsets = layer.quantized.offsets
        for j in 0..<weight.columns {
            let (input, ridge) = (factor.order?[j] ?? j, factor.ridge[j])
            let curvature = factor.gram[j, j] + ridge
            for i in 0..<weight.rows {
                let (r, c) = groups.place(i, input)
                let (scale, code) = (Double(layer.quantized.scales[r, c]), Int(layer.quantized.codes[i, input]))
                if scale == 0 && layer.quantized.twoLevel != nil { continue }
                let e = error[i, j]
                let slope = products.product[i, j] + ridge * e
                let known = sizes.product[i, j] + ridge * abs(e)
                let offset = offsets.map { abs(Double($0[r, c])) } ?? 0
                let rounding = curvature * (abs(weight[i, j]) + abs(values[i, j]) + abs(scale) + offset)
                for direction in [1, -1] where (0...largest).contains(code + direction) {
                    let step = Double(direction) * scale
                    let before = worst.ratio
                    let gain = 2 * step * slope - step * step * curvature
                    worst.add(
                        max(0, gain), bound: 2 * abs(scale) * epsilon * ((n + 8) * known + 8 * rounding), i, input)
                    if worst.ratio > before { lost = gain }
                }
            }
        }
        findings.add(
            .refinement, ratio: worst.ratio,
            "passes changed nothing, and the neighbour of the code at [\(worst.row), \(worst.column)] loses \(lost) less"
        )
    }

    /// Scales of a refined layer may be any numbers of their type.
    private func judgeScales(into findings: inout Findings) {
        if let type = options.grid.twoLevel { return judgeLattice(type, into: &findings) }
        let scales = layer.quantized.scales
        var strange: Float?
        for j in 0..<scales.columns {
            for i in 0..<scales.rows {
                let scale = scales[i, j]
                if !(scale > 0 && options.grid.scaleType.nearest(to: Double(scale)) == Double(scale)) {
                    strange = scale
                }
            }
        }
        findings.add(
            .grids, ratio: strange == nil ? 0 : .infinity,
            strange.map { "scale \($0) is no positive \(options.grid.scaleType.rawValue)" }
                ?? "scales are of their type")
    }
}
