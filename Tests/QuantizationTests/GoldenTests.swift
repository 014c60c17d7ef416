import AdaDimLinearAlgebra
import AdaDimQuantization
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
        let weight: [Double]
        let activations: [Double]
        let results: [String: Result]
    }

    static func load() throws -> [Golden] {
        struct File: Decodable { let cases: [Golden] }
        let url = try #require(Bundle.module.url(forResource: "layers", withExtension: "json", subdirectory: "Goldens"))
        return try JSONDecoder().decode(File.self, from: Data(contentsOf: url)).cases
    }

    @Test func layersEqualTheTextbook() throws {
        let goldens = try Self.load()
        #expect(goldens.count == 12)
        for golden in goldens {
            let weight = Matrix(rowMajor: golden.weight, rows: golden.out, columns: golden.in)
            let activations = Matrix(rowMajor: golden.activations, rows: golden.in, columns: golden.tokens)
            for method in QuantizationOptions.Method.allCases {
                let options = QuantizationOptions(
                    bits: golden.bits, groupSize: golden.groupSize, isSymmetric: golden.symmetric, method: method,
                    dimension: .fixed(golden.dimension), damping: golden.damping,
                    activationOrder: golden.activationOrder)
                let layer = try quantize(weight, activations: activations, options: options)
                let expected = try #require(golden.results[method.rawValue])
                let place = "\(method.rawValue) \(golden.dimension.rawValue) [\(golden.out), \(golden.in)]"
                #expect(layer.quantized.codes.rowMajorElements == expected.codes, "\(place)")
                #expect(layer.quantized.scales.rowMajorElements == expected.scales, "\(place)")
                #expect(layer.quantized.zeroPoints.rowMajorElements == expected.zeroPoints, "\(place)")
                // Both are sums of out·tokens squares of sums of `in` terms; the free loss is relative to the damped
                // one, which the loud input makes up to 100 times as large.
                let bound = Double(golden.in * 100) * Double.ulpOfOne * 100 * expected.loss
                #expect(abs(layer.loss - expected.loss) <= bound, "\(place)")
            }
        }
    }
}
