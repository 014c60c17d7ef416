import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

/// Sweeps on two-level grids against the textbook on the same grids, in Double: every code.
@Suite struct TwoLevelSweepTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let out: Int, inputs: Int, activationOrder: Bool
        var testDescription: String { "[\(out), \(inputs)]\(activationOrder ? " in activation order" : "")" }
    }

    /// Rows that straddle vectors and tiles; one super-block and several.
    static let cases = [
        Case(out: 1, inputs: 256, activationOrder: false), Case(out: 9, inputs: 512, activationOrder: true),
        Case(out: 65, inputs: 256, activationOrder: true), Case(out: 66, inputs: 768, activationOrder: false),
    ]

    @Test(arguments: cases, TwoLevelType.allCases)
    func codesEqualTheTextbookSweep(_ example: Case, _ type: TwoLevelType) throws {
        let layer = RandomLayer(out: example.out, in: example.inputs, seed: 23)
        let factor = try GramFactor(layer.gram, activationOrder: example.activationOrder)
        let swept = try solve(layer.weight, factor, UniformGrid(type), layout(example, type))
        #expect(isOnLattice(swept.quantized))
        let grids = try #require(swept.quantized.twoLevel)
        let reference = try referenceTwoLevelSweep(layer.weight, factor, grids)
        #expect(swept.quantized.codes == reference.codes)
        // As in SweepEquivalenceTests.
        let tolerance = Double(example.inputs + 8) * 1e4 * Double.ulpOfOne
        #expect(abs(swept.dampedLoss - reference.dampedLoss) <= tolerance * reference.dampedLoss)
        let expected = definedLoss(layer.weight, try plainValues(swept.quantized), layer.activations)
        let bound: Double = Double(example.inputs) * 1e3 * Double.ulpOfOne * swept.dampedLoss
        #expect(abs(swept.loss - expected) <= bound)
        // Something is left to lose, and codes vary.
        #expect(swept.loss > 0)
        #expect(example.out == 1 || Set(reference.codes.columnMajorElements).count == 1 << type.bits)
    }

    private func layout(_ example: Case, _ type: TwoLevelType) -> GroupLayout {
        GroupLayout(
            rows: example.out, columns: example.inputs, groupSize: type.groupSize, dimension: .perOutputChannel)
    }

    /// Error feedback is worth something: the sweep loses less than rounding to nearest on the same grids.
    @Test(arguments: TwoLevelType.allCases)
    func theSweepLosesLessThanRounding(_ type: TwoLevelType) throws {
        // Without loud inputs, to which alone the others would be nothing.
        let layer = RandomLayer(out: 40, in: 512, seed: 5, outliers: 1)
        let options = QuantizationOptions { $0.grid.twoLevel = type }
        let swept = try quantize(layer.weight, activations: layer.activations, options: options)
        let rounded = try quantize(
            layer.weight, activations: layer.activations,
            options: QuantizationOptions {
                $0.grid.twoLevel = type
                $0.method = .roundToNearest
            })
        #expect(swept.loss < 0.9 * rounded.loss, "\(swept.loss) of \(rounded.loss)")
        for result in [swept, rounded] {
            #expect(isOnLattice(result.quantized) && result.dimension == .perOutputChannel)
            let expected = definedLoss(layer.weight, try plainValues(result.quantized), layer.activations)
            #expect(abs(result.loss - expected) <= 1e-9 * expected)
        }
    }

    /// Of each instruction set, with a factor that leaves nothing to round but values and errors.
    @Test(arguments: TwoLevelType.allCases)
    func everyInstructionSetDoesTheSame(_ type: TwoLevelType) throws {
        let (out, inputs) = (70, 512)
        let v = Matrix<Float>(rows: inputs, columns: inputs) { i, j in
            i == j ? 1 : j % 3 == 1 && i == j - 1 - j % 2 ? (j % 4 == 1 ? 1 : -1) : 0
        }
        let factor = try GramFactor(Gram(v.multiplied(by: v, .transposed), tokens: inputs), dampingShare: 0)
        let weight = Matrix<Float>(rows: out, columns: inputs) { i, j in
            // A row of zeros, a group of zeros and one of equal weights in each other row.
            i == 7 || (64..<96).contains(j)
                ? 0 : (96..<128).contains(j) ? -0.75 : Float((i * 37 + j * 101 + i * j) % 251 - 125) / 64
        }
        let layout = GroupLayout(
            rows: out, columns: inputs, groupSize: type.groupSize, dimension: .perOutputChannel)
        let expected = try solve(weight, factor, UniformGrid(type), layout, kernels: .portable)
        #expect(expected.loss > 0)
        for kernels in TileKernels.available {
            let found = try solve(weight, factor, UniformGrid(type), layout, kernels: kernels)
            #expect(found.quantized == expected.quantized, "\(kernels.name)")
            let bound: Double = 32 * Double(Float.ulpOfOne) * expected.dampedLoss
            #expect(abs(found.dampedLoss - expected.dampedLoss) <= bound)
        }
    }

    /// Panels of rows, and the whole weight at once.
    @Test(arguments: [TwoLevelType.q3K, .q4K])
    func panelsGiveTheSameLayer(_ type: TwoLevelType) throws {
        let layer = RandomLayer(out: 150, in: 256, seed: 3)
        let options = QuantizationOptions { $0.grid.twoLevel = type }
        let quantizer = try LayerQuantizer(gram: layer.gram, options: options)
        let whole = try quantizer.quantize(layer.weight)
        var panels = try PanelledLayer(rows: 150, columns: 256, panelRows: 64, quantizer: quantizer)
        while let rows = panels.nextRows { try panels.add(layer.weight.only(rows: rows)) }
        let joined = try panels.finished()
        #expect(joined.quantized == whole.quantized)
        #expect(abs(joined.loss - whole.loss) <= 1e-9 * whole.loss)
    }
}
