import AdaDimLinearAlgebra
import AdaDimQuantization
import Testing

/// In Double the blocked sweep gives the codes, scales and zero points of the textbook sweep with the inverse, all of them.
@Suite struct SweepEquivalenceTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let out: Int, inputs: Int, groupSize: Int?, bits: Int, symmetric: Bool
        var testDescription: String {
            "[\(out), \(inputs)] g \(groupSize.map(String.init) ?? "channel") \(bits) bits\(symmetric ? " symmetric" : "")"
        }
    }

    static let cases: [Case] = {
        var cases: [Case] = []
        for size in straddlingSizes {
            // Rectangular both ways; groups with tails, of one weight, wider than a block, and the whole channel.
            for (out, inputs) in [(size, 65), (65, size), (size, size)] where out * inputs <= 500 * 500 {
                for (index, groupSize) in [16, 48, 128, 200, nil, 1, 33].enumerated() {
                    let bits = UniformGrid.supportedBits[(size + index) % 4]
                    cases.append(
                        Case(out: out, inputs: inputs, groupSize: groupSize, bits: bits, symmetric: index == 1))
                }
            }
        }
        return cases
    }()

    @Test(arguments: cases, ChannelDimension.allCases)
    func codesEqualTheTextbookSweep(_ example: Case, _ dimension: ChannelDimension) throws {
        let layer = RandomLayer(out: example.out, in: example.inputs, seed: 11)
        let grid = UniformGrid(bits: example.bits, isSymmetric: example.symmetric)
        let layout = GroupLayout(
            rows: example.out, columns: example.inputs, groupSize: example.groupSize, dimension: dimension)
        let factor = try GramFactor(layer.gram)
        let reference = try referenceSweep(layer.weight, InverseHessianFactor(factor), grid, layout)
        let blocked = try blockedSweep(layer.weight, factor, grid, layout)

        #expect(blocked.quantized.scales == reference.quantized.scales)
        #expect(blocked.quantized.zeroPoints == reference.quantized.zeroPoints)
        #expect(blocked.quantized.codes == reference.quantized.codes)
        // Both sum the same squares; each is within in·eps of exact, times the condition of the triangular recursions,
        // which damping of 1 % keeps below 1e4.
        let tolerance = Double(example.inputs + 8) * 1e4 * Double.ulpOfOne
        #expect(abs(blocked.dampedLoss - reference.dampedLoss) <= tolerance * reference.dampedLoss)
    }

    @Test(arguments: [(65, 129), (129, 65), (64, 500)], ChannelDimension.allCases)
    func freeLossEqualsTheTrace(_ shape: (Int, Int), _ dimension: ChannelDimension) throws {
        let layer = RandomLayer(out: shape.0, in: shape.1, seed: 5)
        for activationOrder in [false, true] {
            let factor = try GramFactor(layer.gram, activationOrder: activationOrder)
            let layout = GroupLayout(rows: shape.0, columns: shape.1, groupSize: 48, dimension: dimension)
            let swept = try blockedSweep(layer.weight, factor, UniformGrid(bits: 3), layout)
            let q = swept.quantized.dequantized().inDouble
            let expected = definedLoss(layer.weight, q, layer.activations)
            // The free loss subtracts the damping's share, so its error is relative to the damped loss.
            let tolerance = Double(shape.1) * 1e3 * Double.ulpOfOne * swept.dampedLoss
            #expect(abs(swept.loss - expected) <= tolerance)
            #expect(abs(try factor.loss(of: q, replacing: layer.weight) - expected) <= tolerance)
        }
    }

    /// Up to its first difference, a row (per-IC: a tile of g rows) of the Float sweep follows the Double one; there the
    /// reference must have been near a tie, within the error that Float sums of in terms carry.
    @Test(arguments: straddlingSizes, ChannelDimension.allCases)
    func floatDiffersOnlyWhereRoundingMay(_ size: Int, _ dimension: ChannelDimension) throws {
        let (out, groupSize) = (130, 32)
        let layer = RandomLayer(out: out, in: size, seed: 23)
        let layout = GroupLayout(rows: out, columns: size, groupSize: groupSize, dimension: dimension)
        let grid = UniformGrid(bits: 4)
        let exact = try GramFactor(layer.gram)
        var gram = Gram<Float>(order: size)
        try gram.accumulate(layer.activations.inFloat)
        let single = try blockedSweep(layer.weight.inFloat, GramFactor(gram), grid, layout)
        let double = try blockedSweep(layer.weight.inFloat.inDouble, exact, grid, layout)

        // One flip changes what follows in its row or tile, legitimately; the share of those and the loss are bounded.
        let units = dimension == .perOutputChannel ? out : (out + groupSize - 1) / groupSize
        let different = (0..<units).filter { unit in
            let rows = dimension == .perOutputChannel ? unit..<unit + 1 : layout.rows(ofTile: unit)
            return rows.contains { i in
                (0..<size).contains { single.quantized.codes[i, $0] != double.quantized.codes[i, $0] }
            }
        }
        for unit in different {
            let rows = dimension == .perOutputChannel ? unit..<unit + 1 : layout.rows(ofTile: unit)
            try expectNearTie(rows, layer.weight.inFloat.inDouble, exact, single.quantized, double.quantized, layout)
        }
        // Chance of a flip for a weight: twice its error in steps of the grid, in·eps_F·‖row‖/step, about in·1e-6 here.
        let perUnit = Double(size * rowsPerUnit(dimension, groupSize)) * Double(size) * 2e-6
        #expect(Double(different.count) <= Double(units) * min(1, 4 * perUnit) + 2)
        #expect(abs(single.loss - double.loss) <= 0.02 * double.loss + Double(size) * 1e-6 * double.dampedLoss)
    }

    private func rowsPerUnit(_ dimension: ChannelDimension, _ groupSize: Int) -> Int {
        dimension == .perOutputChannel ? 1 : groupSize
    }

    /// At the first column where two quantizations of some rows differ, w′ of the Double sweep lies near a rounding
    /// boundary of its own grid, or the grids differ because a minimum, a maximum or a scale was near a tie.
    private func expectNearTie(
        _ rows: Range<Int>, _ weight: Matrix<Double>, _ factor: GramFactor<Double>, _ single: QuantizedMatrix,
        _ double: QuantizedMatrix, _ layout: GroupLayout
    ) throws {
        let v = factor.upperTriangular()
        let q = double.dequantized()
        guard
            let column = (0..<layout.columns).first(where: { j in
                rows.contains { single.codes[$0, j] != double.codes[$0, j] }
            }),
            let row = rows.first(where: { single.codes[$0, column] != double.codes[$0, column] })
        else { return }
        let (r, c) =
            layout.dimension == .perOutputChannel ? (row, column / layout.groupSize) : (row / layout.groupSize, column)
        var target = weight[row, column]
        var magnitude = abs(target)
        for k in 0..<column {
            let term = (weight[row, k] - Double(q[row, k])) * v[k, column] / v[column, column]
            target += term
            magnitude += abs(term)
        }
        let scale = Double(double.scales[r, c])
        let position = target / scale
        let distance = abs(position - position.rounded(.down) - 0.5)
        // Sums of `column` terms in Float, the factor's own error included (n·eps, backward stable).
        let allowed = Double(layout.columns + 8) * 64 * Double(Float.ulpOfOne) * magnitude / scale
        let gridsDiffer =
            single.scales[r, c] != double.scales[r, c] || single.zeroPoints[r, c] != double.zeroPoints[r, c]
        // A scale one step of bfloat16 away moves every code by up to 2^bits·2⁻⁸ of a step.
        #expect(distance <= allowed + (gridsDiffer ? 16.0 / 256 + 1 : 0), "row \(row), column \(column)")
    }
}

extension GroupLayout {
    fileprivate func rows(ofTile tile: Int) -> Range<Int> {
        tile * groupSize..<min(rows, (tile + 1) * groupSize)
    }
}
