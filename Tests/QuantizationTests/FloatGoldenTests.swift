import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Foundation
import Testing

/// What the Swift API makes of some layers in Float, for other languages to be compared with: Python/tests holds what
/// comes through adadim.h to the same file, Goldens/float-layers.json, to the last code. This test writes it:
///
///     ADADIM_WRITE_GOLDENS=1 swift test -c release --filter FloatGoldenTests
///
/// Sums of these Gram matrices are whole numbers below 2^24, so no order of summing them changes a bit; and Double gives
/// the same codes, so none of them stands so near a tie that another BLAS's rounding would show.
@Suite struct FloatGoldenTests {
    struct Layer: Codable, Equatable {
        var out: Int
        var `in`: Int
        var tokens = 500
        var seed: UInt64
        var bits = 4
        var groupSize: Int?
        var symmetric = false
        var method = QuantizationOptions.Method.gptq
        /// "adaptive", "per-oc" or "per-ic"
        var dimension = "adaptive"
        var selection = QuantizationOptions.Selection.roundToNearest
        var damping = 0.01
        var activationOrder = false
        var scaleType = ScaleType.bfloat16
        var result: Result?

        struct Result: Codable, Equatable {
            var dimension: ChannelDimension
            /// Row-major [out, in], a byte each, in base64.
            var codes: Data
            var scales: [Float]
            var zeroPoints: [UInt8]
        }

        var options: QuantizationOptions {
            QuantizationOptions(.fast) {
                $0.grid.bits = bits
                $0.grid.groupSize = groupSize
                $0.grid.isSymmetric = symmetric
                $0.grid.scaleType = scaleType
                $0.method = method
                $0.factor.damping = damping
                $0.factor.activationOrder = activationOrder
                $0.direction = ChannelDimension(rawValue: dimension).map { .fixed($0) } ?? .adaptive(by: selection)
            }
        }

        /// Whole multiples of 2^-22, less than 1/8 in size.
        func weight<Scalar: RealScalar>(_: Scalar.Type) -> Matrix<Scalar> {
            Matrix(rows: out, columns: self.in) { i, j in
                Scalar(SplitMix64.number(seed, i * self.in + j, bits: 20) - (1 << 19)) / Scalar(1 << 22)
            }
        }

        /// Whole numbers [in, tokens]: each input has something of the one before it, and some are louder.
        func activations<Scalar: RealScalar>(_: Scalar.Type) -> Matrix<Scalar> {
            func own(_ input: Int, _ token: Int) -> Int {
                input < 0 ? 0 : SplitMix64.number(seed + 1, token * self.in + input, bits: 5) - 16
            }
            return Matrix(rows: self.in, columns: tokens) { i, t in
                Scalar((own(i, t) + own(i - 1, t)) * (i % 17 == 3 ? 4 : 1))
            }
        }

        func quantized<Scalar: RealScalar>(in _: Scalar.Type) throws -> Result {
            let quantized = try quantize(
                weight(Scalar.self), activations: activations(Scalar.self), options: options
            ).quantized
            return Result(
                dimension: quantized.dimension, codes: Data(quantized.codes.rowMajorElements),
                scales: quantized.scales.rowMajorElements, zeroPoints: quantized.zeroPoints.rowMajorElements)
        }
    }

    enum SplitMix64 {
        /// The uppermost bits of the number at an index of the sequence.
        static func number(_ seed: UInt64, _ index: Int, bits: UInt64) -> Int {
            var z = seed &+ (UInt64(index) &+ 1) &* 0x9e37_79b9_7f4a_7c15
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return Int((z ^ (z >> 31)) >> (64 - bits))
        }
    }

    static let layers = [
        Layer(out: 24, in: 40, seed: 100, bits: 3, groupSize: 16),
        Layer(out: 33, in: 64, seed: 200, bits: 4, groupSize: 24, selection: .sweep),
        Layer(out: 17, in: 31, seed: 300, bits: 2, groupSize: nil, symmetric: true, dimension: "per-oc"),
        Layer(
            out: 31, in: 65, seed: 401, bits: 8, groupSize: 8, dimension: "per-ic", damping: 0.03,
            activationOrder: true, scaleType: .float16),
        Layer(out: 20, in: 48, seed: 500, bits: 3, groupSize: 32, method: .roundToNearest, scaleType: .float32),
        Layer(out: 40, in: 80, seed: 600, groupSize: 128, selection: .sweep, activationOrder: true),
    ]

    @Test func layersEqualTheirGoldens() throws {
        var layers = Self.layers
        for index in layers.indices {
            layers[index].result = try layers[index].quantized(in: Float.self)
            let double = try layers[index].quantized(in: Double.self)
            #expect(layers[index].result?.codes == double.codes, "layer \(index) stands near a tie: take another seed")
        }
        if ProcessInfo.processInfo.environment["ADADIM_WRITE_GOLDENS"] != nil {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            let target = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "Goldens/float-layers.json")
            try (encoder.encode(layers) + Data("\n".utf8)).write(to: target)
            return
        }
        let url = try #require(
            Bundle.module.url(forResource: "float-layers", withExtension: "json", subdirectory: "Goldens"))
        let goldens = try JSONDecoder().decode([Layer].self, from: Data(contentsOf: url))
        #expect(goldens.count == layers.count)
        for (golden, layer) in zip(goldens, layers) {
            #expect(golden == layer, "[\(layer.out), \(layer.in)], seed \(layer.seed)")
        }
    }
}
