import AdaDimInspection
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Foundation
import Testing

/// An inspection against the same definitions in NumPy float64 (Goldens/layers.json, written by
/// Goldens/make_goldens.py).
@Suite struct GoldenTests {
    struct File: Decodable { let cases: [Case] }

    struct Sensitivities: Decodable {
        let inputs: [Double]
        let outputs: [Double]
        let topInputs: Double
        let topOutputs: Double
        let rankCorrelation: Double
        let largest: Double
    }

    struct Losses: Decodable {
        let rtn: Double
        let gptq: Double
    }

    struct Case: Decodable, CustomTestStringConvertible {
        let out: Int
        let `in`: Int
        let tokens: Int
        let bits: Int
        let groupSize: Int
        let damping: Double
        /// Multiples of 2⁻¹².
        let weight: [Int]
        let activations: [Int]
        let mean: [Double]
        let rms: [Double]
        let max: [Double]
        let kurtosis: [Double]
        let outliers: [Int]
        let condition: Double
        let energy: Double
        let losses: [String: Losses]
        let groupErrors: [String: [Double]]
        let sensitivities: [String: Sensitivities]

        var testDescription: String { "[\(out), \(`in`)], \(bits) bits" }

        var matrix: Matrix<Float> { Matrix(rowMajor: weight.map { Float($0) / 4096 }, rows: out, columns: `in`) }
        var inputs: Matrix<Float> {
            Matrix(rowMajor: activations.map { Float($0) / 4096 }, rows: `in`, columns: tokens)
        }
        var options: QuantizationOptions {
            QuantizationOptions(.fast) {
                $0.grid.bits = bits
                $0.grid.groupSize = groupSize
                $0.grid.scaleType = .bfloat16
                $0.factor.damping = damping
            }
        }

        /// In batches of 7 tokens, so that they are joined.
        func inspectedInput() throws -> InspectedInput {
            var moments = ActivationMoments(channels: `in`)
            var gram = try Gram<Float>(order: `in`)
            let inputs = inputs
            for start in stride(from: 0, to: tokens, by: 7) {
                let batch = Matrix(rows: `in`, columns: Swift.min(7, tokens - start)) { inputs[$0, start + $1] }
                try gram.accumulate(batch)
                batch.withView { moments.accumulate($0) }
            }
            return try InspectedInput(taking: &gram, moments.figures, thresholds: .init(), options: options)
        }
    }

    static let cases: [Case] = {
        guard let url = Bundle.module.url(forResource: "layers", withExtension: "json", subdirectory: "Goldens"),
            let data = try? Data(contentsOf: url), let file = try? JSONDecoder().decode(File.self, from: data)
        else { return [] }
        return file.cases
    }()

    @Test func thereAreCases() { #expect(Self.cases.count == 3) }

    @Test(arguments: cases)
    func activations(_ golden: Case) throws {
        let input = try golden.inspectedInput()
        let figures = input.activations
        #expect(figures.tokens == golden.tokens)
        // The sums are Double's; what is left is the order of summation. A channel 300 deviations from zero among them.
        #expect(largestDeviation(figures.meanMagnitude, golden.mean) < 1e-13)
        #expect(largestDeviation(figures.rootMeanSquare, golden.rms) < 1e-13)
        #expect(largestDeviation(figures.kurtosis, golden.kurtosis) < 1e-11)
        #expect(figures.largestMagnitude == golden.max)
        #expect(input.outliers == golden.outliers)
    }

    @Test(arguments: cases)
    func sensitivities(_ golden: Case) throws {
        let layer = try LayerInspection(of: golden.matrix, golden.inspectedInput(), options: golden.options)
        for measure in SensitivityMeasure.allCases {
            let expected = try #require(golden.sensitivities[measure.rawValue])
            let found = layer.sensitivity(measure)
            // H is summed up in Float, with an error below tokens·eps/2 of its diagonal; 1/[H⁻¹]ⱼⱼ multiplies that by the
            // condition number at most. The random signs of rounding leave far less: eps·condition does.
            let bound = Double(Float.ulpOfOne) * (measure == .inverseHessian ? golden.condition : 8)
            #expect(largestDeviation(found.inputs, expected.inputs) < bound)
            #expect(largestDeviation(found.outputs, expected.outputs) < bound)
            #expect(found.topInputs.channels == (golden.in + 99) / 100 && found.topInputs.of == golden.in)
            #expect(abs(found.topInputs.share - expected.topInputs) < bound)
            #expect(abs(found.topOutputs.share - expected.topOutputs) < bound)
            #expect(abs((layer.rankCorrelations[measure] ?? .nan) - expected.rankCorrelation) < 1e-12)
        }
        let largest = try #require(golden.sensitivities["inverseHessian"]?.largest)
        let bound = Double(Float.ulpOfOne) * golden.condition
        #expect(abs(Double(layer.map.values.max() ?? 0) / largest - 1) < bound)
    }

    @Test(arguments: cases)
    func losses(_ golden: Case) throws {
        let layer = try LayerInspection(of: golden.matrix, golden.inspectedInput(), options: golden.options)
        // Relative to ‖WX‖², of which a loss is what is left of cancelling sums.
        let bound = Double(Float.ulpOfOne) * Double(golden.in)
        #expect(abs(layer.outputEnergy / golden.energy - 1) < bound)
        for dimension in ChannelDimension.allCases {
            let expected = try #require(golden.losses[dimension.rawValue])
            let found = try #require(layer.losses[dimension])
            #expect(abs(found.roundToNearest - expected.rtn) / golden.energy < bound)
            #expect(abs(found.gptq - expected.gptq) / golden.energy < bound)
            let errors = try #require(golden.groupErrors[dimension.rawValue])
            let counts = try #require(layer.groupErrors.counts[dimension])
            #expect(counts.reduce(0, +) + (layer.groupErrors.exact[dimension] ?? 0) == errors.count)
            let positive = errors.filter { $0 > 0 }.map(log10)
            #expect(layer.groupErrors.range.lowerBound <= (positive.min() ?? 0) + 1e-5)
            #expect(layer.groupErrors.range.upperBound >= (positive.max() ?? 0) - 1e-5)
            #expect(counts == histogram(positive, layer.groupErrors.range, bins: counts.count))
        }
    }

    private func histogram(_ values: [Double], _ range: ClosedRange<Double>, bins: Int) -> [Int] {
        values.reduce(into: [Int](repeating: 0, count: bins)) { counts, value in
            let place = (value - range.lowerBound) / (range.upperBound - range.lowerBound) * Double(bins)
            counts[max(0, min(bins - 1, Int(place)))] += 1
        }
    }

    /// The largest relative difference of two rows of numbers.
    private func largestDeviation(_ found: [Double], _ expected: [Double]) -> Double {
        guard found.count == expected.count else { return .infinity }
        return zip(found, expected).map { abs($0 - $1) / max(abs($1), .leastNormalMagnitude) }.max() ?? 0
    }
}
