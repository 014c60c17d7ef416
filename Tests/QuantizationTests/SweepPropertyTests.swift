import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

@Suite struct SweepPropertyTests {
    /// With H = c·I no column can compensate for another, so the sweep is round-to-nearest, bit for bit.
    @Test(arguments: straddlingSizes, ChannelDimension.allCases)
    func identityGramGivesRoundToNearest(_ size: Int, _ dimension: ChannelDimension) throws {
        let weight = RandomLayer(out: 70, in: size, seed: 3).weight
        let identity = Matrix<Double>(rows: size, columns: size) { $0 == $1 ? 7 : 0 }
        let gram = try Gram(identity, tokens: size)
        for groupSize in [48, 200, nil] {
            var options = QuantizationOptions(.fast) {
                $0.grid.bits = 3
                $0.grid.groupSize = groupSize
                $0.direction = .fixed(dimension)
            }
            let swept = try quantize(weight, gram: gram, options: options)
            options.method = .roundToNearest
            let rounded = try quantize(weight, gram: gram, options: options)
            #expect(swept.quantized == rounded.quantized)
        }
    }

    /// Weights that lie on a grid with a storable scale, each group using both end codes, lose nothing at all.
    @Test(arguments: QuantizationOptions.Grid.supportedBits, ChannelDimension.allCases)
    func weightsOnTheGridLoseNothing(_ bits: Int, _ dimension: ChannelDimension) throws {
        let (out, inputs, groupSize) = (66, 96, 32)
        let largest = (1 << bits) - 1
        var random = NormalGenerator(seed: 9)
        let weight = Matrix<Double>(rows: out, columns: inputs) { i, j in
            let (member, group) =
                dimension == .perOutputChannel ? (j % groupSize, i + j / groupSize) : (i % groupSize, j + i / groupSize)
            let code = member == 0 ? 0 : member == 1 ? largest : Int.random(in: 0...largest, using: &random)
            return Double(code - (group % (largest + 1))) * (group % 3 == 0 ? 0.0078125 : 0.01171875)
        }
        let layer = RandomLayer(out: out, in: inputs, seed: 4)
        let gram = try layer.gram
        // The last per-IC group has two rows (66 = 2·32 + 2), which are its two end codes.
        let options = QuantizationOptions(.fast) {
            $0.grid.bits = bits
            $0.grid.groupSize = groupSize
            $0.direction = .fixed(dimension)
        }
        let result = try quantize(weight, gram: gram, options: options)
        #expect(result.quantized.dequantized().inDouble == weight)
        #expect(result.loss == 0)
        let single = try quantize(weight.inFloat, activations: layer.activations.inFloat, options: options)
        #expect(single.quantized == result.quantized)
        #expect(single.loss == 0)
    }

    @Test(arguments: ChannelDimension.allCases)
    func permutingTokensChangesOnlyRounding(_ dimension: ChannelDimension) throws {
        let layer = RandomLayer(out: 65, in: 129, seed: 8)
        let tokens = layer.activations.columns
        let permuted = Matrix(rows: layer.activations.rows, columns: tokens) {
            layer.activations[$0, ($1 * 5 + 3) % tokens]
        }
        let options = QuantizationOptions(.fast) {
            $0.grid.bits = 3
            $0.grid.groupSize = 64
            $0.direction = .fixed(dimension)
        }
        let a = try quantize(layer.weight, activations: layer.activations, options: options)
        let b = try quantize(layer.weight, activations: permuted, options: options)
        try #require(tokens % 5 != 0)
        #expect(a.quantized == b.quantized)
        #expect(abs(a.loss - b.loss) <= Double(tokens) * 1e3 * Double.ulpOfOne * a.outputEnergy)
    }

    /// Powers of two leave every significand alone, so codes are equal and losses scale exactly.
    @Test func scalingActivationsScalesTheLossBySquare() throws {
        let layer = RandomLayer(out: 40, in: 65, seed: 2)
        let doubled = Matrix<Double>(rows: 65, columns: layer.activations.columns) { layer.activations[$0, $1] * 4 }
        for selection in QuantizationOptions.Selection.allCases {
            let options = QuantizationOptions(.fast) {
                $0.grid.bits = 3
                $0.grid.groupSize = 16
                $0.direction = .adaptive(by: selection)
            }
            let a = try quantize(layer.weight, activations: layer.activations, options: options)
            let b = try quantize(layer.weight, activations: doubled, options: options)
            #expect(a.quantized == b.quantized)
            #expect(b.loss == 16 * a.loss)
            #expect(b.relativeLoss == a.relativeLoss)
        }
    }

    /// Any other factor changes every product's rounding, and the loss by little more.
    @Test(arguments: straddlingSizes)
    func scalingByThreeScalesTheLossByNine(_ size: Int) throws {
        let layer = RandomLayer(out: 40, in: size, seed: 2)
        let tripled = Matrix<Double>(rows: size, columns: layer.activations.columns) { layer.activations[$0, $1] * 3 }
        let a = try quantize(
            layer.weight, activations: layer.activations,
            options: .init(.fast) {
                $0.grid.bits = 3
                $0.grid.groupSize = 16
            })
        let b = try quantize(
            layer.weight, activations: tripled,
            options: .init(.fast) {
                $0.grid.bits = 3
                $0.grid.groupSize = 16
            })
        #expect(a.quantized == b.quantized)
        // Losses are differences of sums that the outputs' energy bounds, each within in·eps of exact.
        let bound = Double(size + 8) * 16 * Double.ulpOfOne * b.outputEnergy
        #expect(abs(b.loss - 9 * a.loss) <= bound)
    }

    @Test(arguments: ChannelDimension.allCases)
    func gptqBeatsRoundToNearest(_ dimension: ChannelDimension) throws {
        let layer = RandomLayer(out: 130, in: 129, seed: 77)
        var options = QuantizationOptions(.fast) {
            $0.grid.bits = 3
            $0.grid.groupSize = 64
            $0.direction = .fixed(dimension)
        }
        let gptq = try quantize(layer.weight, activations: layer.activations, options: options)
        options.method = .roundToNearest
        let rounded = try quantize(layer.weight, activations: layer.activations, options: options)
        #expect(gptq.loss < rounded.loss)
    }

    /// In activation order the codes are still in the weight's own order with plain per-OC groups, and the losses are
    /// those of the definition; the loudest inputs are rounded first, so they are rounded plainly.
    @Test(arguments: ChannelDimension.allCases)
    func activationOrderKeepsThePlainLayout(_ dimension: ChannelDimension) throws {
        let layer = RandomLayer(out: 64, in: 129, seed: 31)
        let options = QuantizationOptions(.fast) {
            $0.grid.bits = 3
            $0.grid.groupSize = 32
            $0.factor.activationOrder = true
            $0.direction = .fixed(dimension)
        }
        let result = try quantize(layer.weight, activations: layer.activations, options: options)
        let q = result.quantized.dequantized().inDouble
        let expected = definedLoss(layer.weight, q, layer.activations)
        #expect(abs(result.loss - expected) <= 1e-9 * expected)

        let diagonal = try layer.gram.diagonal
        let loudest = try #require(diagonal.indices.max { diagonal[$0] < diagonal[$1] })
        var plain = options
        plain.method = .roundToNearest
        let rounded = try quantize(layer.weight, activations: layer.activations, options: plain)
        for i in 0..<64 { #expect(result.quantized.codes[i, loudest] == rounded.quantized.codes[i, loudest]) }
        if dimension == .perOutputChannel { #expect(result.quantized.scales == rounded.quantized.scales) }
    }

    @Test func resultsDoNotDependOnTheThreadCount() throws {
        let layer = RandomLayer(out: 300, in: 260, seed: 6)
        let before = BLASLibrary.threadCount
        defer { BLASLibrary.threadCount = before }
        var results: [LayerQuantization] = []
        for threads in [1, 2, 3] {
            BLASLibrary.threadCount = threads
            results.append(
                try quantize(
                    layer.weight, activations: layer.activations,
                    options: .init(.fast) {
                        $0.grid.bits = 4
                        $0.grid.groupSize = 64
                    }))
        }
        for other in results.dropFirst() {
            #expect(results[0].quantized == other.quantized)
            #expect(abs(results[0].loss - other.loss) <= 1e-10 * results[0].loss)
        }
    }
}
