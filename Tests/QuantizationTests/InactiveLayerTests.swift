import AdaDimCorrection
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

/// Layers none of whose inputs any token activates: H is zero, and no weight loses anything.
@Suite struct InactiveLayerTests {
    private static func gram<S: RealScalar>(_: S.Type, inputs: Int) throws -> Gram<S> {
        var gram = try Gram<S>(order: inputs)
        try gram.accumulate(Matrix<S>(repeating: 0, rows: inputs, columns: 5))
        return gram
    }

    private static let dimensions: [QuantizationOptions.Direction] =
        [.adaptive(by: .sweep), .fixed(.perOutputChannel), .fixed(.perInputChannel)]

    /// Whatever the options, without passes codes and grids are those of plain rounding, with searched ranges where they
    /// are requested; losses and energies are zero, not what rounding leaves of zero; and an adaptive layer is per-OC.
    @Test(arguments: [0, 0.01, 1], [16, 200])
    func theWeightIsRoundedPlainly(_ damping: Double, _ groupSize: Int) throws {
        let weight = RandomLayer(out: 70, in: 150, seed: 4).weight.inFloat
        for (dimension, ordered) in Self.dimensions.flatMap({ [($0, false), ($0, true)] }) {
            for (ranges, selection) in [
                (RangeRule.full, QuantizationOptions.Selection.sweep), (.search, .roundToNearest),
            ] {
                var options = QuantizationOptions(.fast) {
                    $0.grid.bits = 3
                    $0.grid.groupSize = groupSize
                    $0.grid.ranges = ranges
                    $0.factor.damping = damping
                    $0.factor.activationOrder = ordered
                    $0.direction = dimension
                    $0.direction.selection = selection
                }
                let gram = try Self.gram(Float.self, inputs: 150)
                let swept = try quantize(weight, gram: gram, options: options)
                options.method = .roundToNearest
                let rounded = try quantize(weight, gram: gram, options: options)
                #expect(swept.quantized == rounded.quantized)
                let expected =
                    dimension == .fixed(.perInputChannel) ? ChannelDimension.perInputChannel : .perOutputChannel
                for layer in [swept, rounded] {
                    #expect(layer.dimension == expected)
                    #expect(layer.loss == 0 && layer.outputEnergy == 0 && layer.relativeLoss == 0)
                    for losses in layer.losses.values {
                        #expect([losses.roundToNearest, losses.gptq, losses.refined].allSatisfy { $0 ?? 0 == 0 })
                    }
                }
            }
        }
    }

    /// Passes change scales to what the weight itself is nearest to; the loss stays zero.
    @Test(arguments: Refinement.Parts.allCases, ChannelDimension.allCases)
    func passesBringTheWeightNearer(_ parts: Refinement.Parts, _ dimension: ChannelDimension) throws {
        let weight = RandomLayer(out: 70, in: 150, seed: 9).weight
        func squaredError(passes: Int) throws -> Double {
            let options = QuantizationOptions(.fast) {
                $0.grid.bits = 2
                $0.grid.groupSize = 32
                $0.refinement = .init(parts: parts, passes: passes)
                $0.direction = .fixed(dimension)
            }
            let layer = try quantize(weight, gram: Self.gram(Double.self, inputs: 150), options: options)
            #expect(layer.loss == 0 && layer.losses[dimension]?.refined ?? 0 == 0)
            let q = layer.quantized.dequantized().inDouble
            return Matrix<Double>(rows: 70, columns: 150) { weight[$0, $1] - q[$0, $1] }.squaredNorm
        }
        let (plain, refined) = (try squaredError(passes: 0), try squaredError(passes: 3))
        #expect(parts == .codes ? refined == plain : refined < plain)
    }

    @Test func theFactorSaysSo() throws {
        let gram = try Self.gram(Float.self, inputs: 9)
        #expect(!gram.hasActiveInputs)
        let factor = try GramFactor(gram, dampingShare: 0.1)
        #expect(!factor.hasActiveInputs && factor.inactiveInputs == Array(0..<9))
        #expect(factor.damping == 0 && factor.dampingShare == 0.1 && factor.failedAttempts.isEmpty)
        let weight = RandomLayer(out: 7, in: 9, seed: 1).weight.inFloat
        #expect(try factor.loss(of: Matrix(repeating: 1, rows: 7, columns: 9), replacing: weight) == 0)
    }

    /// Where earlier quantization has moved no input that was not zero and stays so, there is nothing to compensate for.
    @Test func nothingIsMadeUpFor() throws {
        let weight = RandomLayer(out: 7, in: 9, seed: 1).weight.inFloat
        let factor = try GramFactor(Self.gram(Float.self, inputs: 9))
        var shift = try InputShift<Float>(order: 9, residualRows: 7)
        let zeros = Matrix<Float>(repeating: 0, rows: 9, columns: 5)
        let before = Matrix<Float>(rows: 7, columns: 5) { Float($0 + $1) }
        let after = Matrix<Float>(rows: 7, columns: 5) { Float($0 - $1) }
        zeros.withView { zeros in
            before.withView { before in
                after.withView { shift.accumulate(original: zeros, shifted: zeros, residual: (before, $0)) }
            }
        }
        let target = try factor.target(for: weight, shift, .init(inputs: 0.4, residual: 0.4))
        #expect(target.weight == weight)
        let losses = try factor.outputLosses(
            of: Matrix(repeating: 1, rows: 7, columns: 9), target, replacing: weight, shift)
        #expect(losses.original == 0 && losses.target == 0 && losses.quantized == 0)
    }

    /// Squares that are zero in Float, or have lost their digits there, are those of no active input; the next larger are not.
    @Test(arguments: [Float(1e-30), 1e-23, 4e-23, 1e-22, 1e-20, 1e-18])
    func inputsThatAreNextToNothing(_ size: Float) throws {
        let layer = RandomLayer(out: 20, in: 40, seed: 3, outliers: 1)
        let all = Matrix<Float>(rows: 40, columns: 30) { size * Float(layer.activations[$0, $1]) }
        let one = Matrix<Float>(rows: 40, columns: 30) { $0 == 7 ? size * Float(1 + $1 % 3) : 0 }
        for (activations, options) in [
            (all, QuantizationOptions(.fast) { $0.grid.groupSize = 16 }),
            (
                all,
                .init(.fast) {
                    $0.grid.groupSize = 16
                    $0.factor.activationOrder = true
                }
            ),
            (
                one,
                .init(.fast) {
                    $0.grid.groupSize = 16
                    $0.factor.damping = 0
                    $0.factor.activationOrder = true
                }
            ),
        ] {
            let quantized = try quantize(layer.weight.inFloat, activations: activations, options: options)
            #expect(quantized.loss.isFinite && (quantized.outputEnergy > 0) == (size > 1e-19))
            let error = quantized.quantized.dequantized().inDouble
            for j in 0..<40 {
                for i in 0..<20 { #expect(abs(error[i, j] - layer.weight[i, j]) < 0.02) }
            }
        }
    }
}
