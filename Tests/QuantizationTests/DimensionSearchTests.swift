import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

@Suite struct DimensionSearchTests {
    @Test(arguments: [UInt64](1...6))
    func adaptiveTakesTheSmallerLoss(_ seed: UInt64) throws {
        let layer = RandomLayer(out: 96, in: 80, seed: seed, outliers: seed % 2 == 0 ? 100 : 1)
        let gram = try layer.gram
        for method in QuantizationOptions.Method.allCases {
            for selection in QuantizationOptions.Selection.allCases {
                var options = QuantizationOptions(.fast) {
                    $0.grid.bits = 3
                    $0.grid.groupSize = 32
                    $0.method = method
                    $0.direction = .adaptive(by: selection)
                }
                let adaptive = try quantize(layer.weight, gram: gram, options: options)
                var fixed: [ChannelDimension: LayerQuantization] = [:]
                for dimension in ChannelDimension.allCases {
                    options.direction = .fixed(dimension)
                    fixed[dimension] = try quantize(layer.weight, gram: gram, options: options)
                }
                let judged = method == .gptq && selection == .sweep ? QuantizationOptions.Method.gptq : .roundToNearest
                let losses = try ChannelDimension.allCases.map { try #require(adaptive.losses[$0]?[judged]) }
                let smaller: ChannelDimension = losses[1] < losses[0] ? .perInputChannel : .perOutputChannel
                #expect(adaptive.dimension == smaller)
                #expect(adaptive.quantized == fixed[smaller]?.quantized)
                #expect(adaptive.loss == fixed[smaller]?.loss)
            }
        }
    }

    /// Loud inputs with small weights, as training leaves them: in a per-OC group the other weights set the scale, a
    /// coarse one for them, and their error is amplified; per-IC they have a scale of their own.
    @Test func quietWeightsOnLoudInputsChoosePerInputChannel() throws {
        let base = RandomLayer(out: 128, in: 128, seed: 1, outliers: 1)
        let weight = Matrix<Double>(rows: 128, columns: 128) { base.weight[$0, $1] / ($1 % 32 == 5 ? 10 : 1) }
        let activations = Matrix<Double>(rows: 128, columns: 264) {
            base.activations[$0, $1] * ($0 % 32 == 5 ? 100 : 1)
        }
        let result = try quantize(
            weight, activations: activations,
            options: .init(.fast) {
                $0.grid.bits = 3
                $0.grid.groupSize = 32
            })
        #expect(result.dimension == .perInputChannel)
    }

    /// Output channels of two sizes: a per-IC group mixes them and gives the small ones the large ones' step.
    @Test func outputChannelsOfTwoSizesChoosePerOutputChannel() throws {
        let base = RandomLayer(out: 128, in: 128, seed: 1, outliers: 1)
        let weight = Matrix<Double>(rows: 128, columns: 128) { base.weight[$0, $1] / ($0 % 2 == 0 ? 3 : 1) }
        let result = try quantize(
            weight, activations: base.activations,
            options: .init(.fast) {
                $0.grid.bits = 3
                $0.grid.groupSize = 32
            })
        #expect(result.dimension == .perOutputChannel)
    }
}
