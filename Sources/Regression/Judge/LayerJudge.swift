import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// One quantized layer with its weight and its factor, in Double, columns in the factor's order.
///
/// | here | shape | meaning |
/// |---|---|---|
/// | weight | [out, in] | W |
/// | values | [out, in] | Q = (code − zero)·scale, or what a two-level grid makes of a code |
/// | error | [out, in] | W − Q |
struct LayerJudge {
    let factor: FactorJudge
    let layer: EngineLayer
    let options: QuantizationOptions
    let weight: Matrix<Double>
    let values: Matrix<Double>
    let error: Matrix<Double>
    let groups: JudgedGroups
    /// The loss as it is, and ``error`` times V.
    private(set) var loss: LossJudge
    /// The share of codes that another order of summation may change: the mean of min(1, 2τ/scale), τ the error that a
    /// code's weight may have.
    private(set) var shareNearTies = 0.0

    /// - Parameters:
    ///   - weight: W in the weight's own order of columns.
    ///   - magnitudes: |V|.
    init?(
        _ layer: EngineLayer, weight: Matrix<Double>, _ factor: FactorJudge, magnitudes: Matrix<Double>,
        _ options: QuantizationOptions, into findings: inout Findings
    ) {
        guard let groups = JudgedGroups(layer.quantized, out: weight.rows, inputs: weight.columns, options) else {
            findings.add(.grids, ratio: .infinity, "the groups have another shape than requested")
            return nil
        }
        self.factor = factor
        self.layer = layer
        self.options = options
        self.groups = groups
        let order = factor.order ?? Array(0..<weight.columns)
        let quantized = layer.quantized
        self.weight = weight.withView { w in Matrix(rows: w.rows, columns: w.columns) { w[$0, order[$1]] } }
        values = Matrix(rows: weight.rows, columns: weight.columns) { i, position in
            let (r, c) = groups.place(i, order[position])
            let level = Int(quantized.codes[i, order[position]]) - Int(quantized.zeroPoints[r, c])
            let value = Double(level) * Double(quantized.scales[r, c])
            return TwoLevelCheck.value(value, quantized.twoLevel, row: i, group: c)
        }
        let (w, q) = (self.weight, values)
        error = w.withView { w in q.withView { q in Matrix(rows: w.rows, columns: w.columns) { w[$0, $1] - q[$0, $1] } }
        }
        loss = LossJudge(error, factor, magnitudes: magnitudes, into: &findings)
        if layer.method == .gptq { loss.addSweep(weight: w, factor) }
    }

    /// Looks at everything but the adaptive choice.
    /// - Parameter swept: the same layer without its passes, judged; nil where there are none.
    /// - Returns: the codes, packed; nil if they do not fit their bits.
    mutating func judge(afterPassesOver swept: LayerJudge?, into findings: inout Findings) -> PackedRows? {
        judgeFinite(into: &findings)
        loss.judge(layer.loss, .loss, "‖(W−Q)X‖²", into: &findings)
        if let swept {
            // Every pass meets as many ties as the sweep.
            shareNearTies = min(1, Double(1 + options.refinement.passes) * swept.shareNearTies)
            judgeRefinement(of: swept, into: &findings)
        } else {
            judgeCodes(into: &findings)
            judgeGrids(into: &findings)
        }
        return PackingJudge.judge(layer.quantized.codes, bits: options.grid.bits, into: &findings)
    }

    private func judgeFinite(into findings: inout Findings) {
        let quantized = layer.quantized
        let scalesAreFinite = quantized.scales.firstNonFinite == nil
        let lossesAreFinite = layer.loss.isFinite && layer.loss >= 0 && layer.outputEnergy.isFinite
        var largest: UInt8 = 0
        quantized.codes.withView { codes in
            for j in 0..<codes.columns { for i in 0..<codes.rows { largest = max(largest, codes[i, j]) } }
        }
        let isFine = scalesAreFinite && lossesAreFinite && Int(largest) < 1 << options.grid.bits
        findings.add(
            .finite, ratio: isFine ? 0 : .infinity,
            isFine
                ? "finite"
                : "loss \(layer.loss), largest code \(largest), scales \(scalesAreFinite ? "" : "not ")finite")
    }

    /// w′ = W + Σ_{k<j} (W−Q)_k·F_kj, which is Q + (E·V)ⱼ/Vⱼⱼ, must be within half a scale of its code's value, or
    /// beyond the grid's end. It may deviate from that by τ = eps·((n+8)·(|E|·|V|)ⱼ/Vⱼⱼ + 4·|W|): a sum of at most n
    /// products in any order, the error's own rounding, V's reciprocal, the division by the scale. Round to nearest has
    /// w′ = W and one rounding, of the division.
    private mutating func judgeCodes(into findings: inout Findings) {
        let (n, epsilon) = (Double(factor.inputs), factor.epsilon)
        let isSwept = layer.method == .gptq
        let (quantized, largest) = (layer.quantized, (1 << options.grid.bits) - 1)
        var worst = WorstElement()
        var nearTies = 0.0
        // A value that is a difference is rounded, and so is the quotient that its code comes from, of weight and offset.
        let offsets = quantized.offsets
        let ofValue = offsets == nil ? 0 : Double(Float.ulpOfOne)
        for j in 0..<weight.columns {
            let input = factor.order?[j] ?? j
            let pivot = factor.upper[j, j]
            for i in 0..<weight.rows {
                let (r, c) = groups.place(i, input)
                let scale = Double(quantized.scales[r, c])
                // A grid of one value leaves nothing to choose.
                if scale == 0 && quantized.twoLevel != nil { continue }
                let (w, q) = (weight[i, j], values[i, j])
                let updated = isSwept ? q + loss.image[i, j] / pivot : w
                let shifted = offsets.map { 4 * epsilon * abs(Double($0[r, c])) + ofValue * (abs(q) + abs(scale)) } ?? 0
                let error =
                    shifted
                    + (isSwept
                        ? epsilon * ((n + 8) * loss.magnitude[i, j] / pivot + 4 * abs(w)) : epsilon * abs(w))
                let code = Int(quantized.codes[i, input])
                let beyond = scale < 0 ? q - updated : updated - q
                let isBeyond = (code == 0 && beyond < 0) || (code == largest && beyond > 0)
                if !isBeyond { worst.add(max(0, abs(updated - q) - abs(scale) / 2), bound: error, i, input) }
                nearTies += min(1, 2 * error / abs(scale))
            }
        }
        shareNearTies = nearTies / Double(max(weight.count, 1))
        let (i, j) = (worst.row, worst.column)
        findings.add(.codes, ratio: worst.ratio, "code \(quantized.codes[i, j]) at [\(i), \(j)]")
    }
}
