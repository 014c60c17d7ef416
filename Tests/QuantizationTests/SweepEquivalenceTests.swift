import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

/// In Double the blocked sweep gives the codes, scales and zero points of the textbook sweep with the inverse, all of
/// them.
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
                    let bits = QuantizationOptions.Grid.supportedBits[(size + index) % 4]
                    cases.append(
                        Case(out: out, inputs: inputs, groupSize: groupSize, bits: bits, symmetric: index == 1))
                }
            }
        }
        return cases
    }()

    @Test(arguments: cases, ChannelDimension.allCases)
    func codesEqualTheTextbookSweep(_ example: Case, _ dimension: ChannelDimension) throws {
        for seed in [11, 12, 13] as [UInt64] { try expectEqualCodes(example, dimension, seed: seed) }
    }

    private func expectEqualCodes(_ example: Case, _ dimension: ChannelDimension, seed: UInt64) throws {
        let layer = RandomLayer(out: example.out, in: example.inputs, seed: seed)
        let grid = UniformGrid(bits: example.bits, isSymmetric: example.symmetric)
        let layout = GroupLayout(
            rows: example.out, columns: example.inputs, groupSize: example.groupSize, dimension: dimension)
        let factor = try GramFactor(layer.gram)
        let reference = try referenceSweep(layer.weight, InverseHessianFactor(factor), grid, layout)
        let blocked = try solve(layer.weight, factor, grid, layout)

        #expect(blocked.quantized.scales == reference.quantized.scales)
        #expect(blocked.quantized.zeroPoints == reference.quantized.zeroPoints)
        #expect(blocked.quantized.codes == reference.quantized.codes)
        // Both sum the same squares; each is within in·eps of exact, times the condition of the triangular recursions,
        // which damping of 1 % keeps below 1e4.
        let tolerance = Double(example.inputs + 8) * 1e4 * Double.ulpOfOne
        #expect(abs(blocked.dampedLoss - reference.dampedLoss) <= tolerance * reference.dampedLoss)
    }

    @Test(arguments: straddlingSizes, ChannelDimension.allCases)
    func freeLossEqualsTheTrace(_ size: Int, _ dimension: ChannelDimension) throws {
        let shape = (66, size)
        let layer = RandomLayer(out: shape.0, in: shape.1, seed: 5)
        for activationOrder in [false, true] {
            let factor = try GramFactor(layer.gram, activationOrder: activationOrder)
            let layout = GroupLayout(rows: shape.0, columns: shape.1, groupSize: 48, dimension: dimension)
            let swept = try solve(layer.weight, factor, UniformGrid(bits: 3), layout)
            let q = swept.quantized.dequantized().inDouble
            let expected = definedLoss(layer.weight, q, layer.activations)
            // The free loss subtracts the damping's share, so its error is relative to the damped loss.
            let tolerance = Double(shape.1) * 1e3 * Double.ulpOfOne * swept.dampedLoss
            #expect(abs(swept.loss - expected) <= tolerance)
            #expect(abs(try factor.loss(of: q, replacing: layer.weight) - expected) <= tolerance)
        }
    }
}
