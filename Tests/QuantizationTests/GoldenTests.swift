import AdaDimCorrection
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Foundation
import Testing

/// The engine in Double against the textbook in NumPy float64 (Goldens/layers.json, written by
/// Goldens/make_goldens.py).
@Suite struct GoldenTests {
    struct Golden: Decodable, Sendable {
        struct Result: Decodable, Sendable {
            let codes: [UInt8]
            let scales: [Float]
            let zeroPoints: [UInt8]
            let loss: Double
        }

        let out: Int
        let `in`: Int
        let tokens: Int
        let bits: Int
        let groupSize: Int?
        let symmetric: Bool
        let activationOrder: Bool
        let dimension: ChannelDimension
        let damping: Double
        /// nil in a wide layer, which is made by a rule from its seed.
        let weight: [Double]?
        let activations: [Double]?
        let seed: UInt64?
        let results: [String: Result]

        /// The layer that a golden is of, [out, in] and [in, tokens].
        func layer() throws -> (weight: Matrix<Double>, activations: Matrix<Double>) {
            if let seed {
                let rule = FloatGoldenTests.Layer(out: out, in: self.in, tokens: tokens, seed: seed)
                return (rule.weight(Double.self), rule.activations(Double.self))
            }
            return (
                Matrix(rowMajor: try #require(weight), rows: out, columns: self.in),
                Matrix(rowMajor: try #require(activations), rows: self.in, columns: tokens)
            )
        }
    }

    struct Correction: Decodable, Sendable {
        let out: Int
        let `in`: Int
        let tokens: Int
        let damping: Double
        /// The shares of the two shifts that are compensated for.
        let inputs: Double
        let residual: Double
        let weight: [Double]
        let original: [Double]
        let shifted: [Double]
        let originalResidual: [Double]
        let shiftedResidual: [Double]
        let target: [Double]
        let originalLoss: Double
        let quantizedLoss: Double
    }

    struct File: Decodable {
        let cases: [Golden]
        let wide: [Golden]
        let corrections: [Correction]
    }

    static func load() throws -> File {
        let url = try #require(Bundle.module.url(forResource: "layers", withExtension: "json", subdirectory: "Goldens"))
        return try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
    }

    /// How the results of each name come to be, as in `make_goldens.py`.
    private static let ways: [String: (RangeRule, QuantizationOptions.Method, Refinement)] = [
        "rtn": (.full, .roundToNearest, Refinement()), "rtn searched": (.search, .roundToNearest, Refinement()),
        "gptq": (.full, .gptq, Refinement()), "gptq searched": (.search, .gptq, Refinement()),
        "codes": (.full, .gptq, .init(parts: .codes, passes: 2)),
        "scales": (.full, .gptq, .init(parts: .scales, passes: 1)),
        "both": (.full, .gptq, .init(parts: .both, passes: 3)),
        "searched": (.search, .gptq, .init(parts: .both, passes: 2)),
    ]

    @Test func layersEqualTheTextbook() throws {
        let file = try Self.load()
        #expect(file.cases.count == 12 && file.wide.count == 5)
        for golden in file.cases {
            #expect(golden.results.count == Self.ways.count)
            try expectEqual(golden)
        }
        for golden in file.wide {
            #expect(golden.results.count == 4)
            try expectEqual(golden)
        }
    }

    private func expectEqual(_ golden: Golden) throws {
        let (weight, activations) = try golden.layer()
        for (name, expected) in golden.results {
            let (ranges, method, refinement) = try #require(Self.ways[name])
            let options = QuantizationOptions(.fast) {
                $0.grid.bits = golden.bits
                $0.grid.groupSize = golden.groupSize
                $0.grid.isSymmetric = golden.symmetric
                $0.grid.ranges = ranges
                $0.method = method
                $0.refinement = refinement
                $0.factor.damping = golden.damping
                $0.factor.activationOrder = golden.activationOrder
                $0.direction = .fixed(golden.dimension)
            }
            let layer = try quantize(weight, activations: activations, options: options)
            let place = Comment(
                rawValue: "\(name) \(golden.dimension.rawValue) [\(golden.out), \(golden.in)], \(golden.bits) bits")
            #expect(layer.quantized.codes.rowMajorElements == expected.codes, place)
            #expect(layer.quantized.scales.rowMajorElements == expected.scales, place)
            #expect(layer.quantized.zeroPoints.rowMajorElements == expected.zeroPoints, place)
            // Both are sums of out·tokens squares of sums of `in` terms; the free loss is relative to the damped
            // one, which the loud input makes up to 100 times as large.
            let bound = Double(golden.in * 100) * Double.ulpOfOne * 100 * expected.loss
            #expect(abs(layer.loss - expected.loss) <= bound, place)
        }
    }

    @Test func correctionsEqualNumPy() throws {
        let corrections = try Self.load().corrections
        #expect(corrections.count == 2)
        for golden in corrections {
            let weight = Matrix(rowMajor: golden.weight, rows: golden.out, columns: golden.in)
            func inputs(_ elements: [Double]) -> Matrix<Double> {
                Matrix(rowMajor: elements, rows: golden.in, columns: golden.tokens)
            }
            func residual(_ elements: [Double]) -> Matrix<Double> {
                Matrix(rowMajor: elements, rows: golden.out, columns: golden.tokens)
            }
            let shift = try InputShift(
                original: inputs(golden.original), shifted: inputs(golden.shifted),
                residual: (residual(golden.originalResidual), residual(golden.shiftedResidual)))
            var gram = try Gram<Double>(order: golden.in)
            try gram.accumulate(inputs(golden.shifted))
            let correction = OutputCorrection(inputs: golden.inputs, residual: golden.residual)
            // Two solutions by different means, each within in·eps·cond of exact relative to their norm; damping of 1 %
            // keeps the condition below 100·in.
            let bound = Double(100 * golden.in * golden.in) * Double.ulpOfOne
            let expected = Matrix(rowMajor: golden.target, rows: golden.out, columns: golden.in)
            for activationOrder in [false, true] {
                let factor = try GramFactor(gram, dampingShare: golden.damping, activationOrder: activationOrder)
                let found = try factor.target(for: weight, shift, correction)
                #expect(difference(found.weight, expected) <= bound * expected.squaredNorm.squareRoot())
                #expect(difference(weight, expected) > 0.01 * expected.squaredNorm.squareRoot())
                let losses = try factor.outputLosses(
                    of: expected.mapped { 0.9 * $0 }, found, replacing: weight, shift)
                #expect(abs(losses.original - golden.originalLoss) <= bound * golden.originalLoss)
                // Of the sum's three terms each may be as large as the outputs' energy.
                let energy = weight.multiplied(by: inputs(golden.original)).squaredNorm
                #expect(abs(losses.quantized - golden.quantizedLoss) <= bound * energy)
            }
        }
    }

    private func difference(_ a: Matrix<Double>, _ b: Matrix<Double>) -> Double {
        Matrix<Double>(rows: a.rows, columns: a.columns) { a[$0, $1] - b[$0, $1] }.squaredNorm.squareRoot()
    }
}
