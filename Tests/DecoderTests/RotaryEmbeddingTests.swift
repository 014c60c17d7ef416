import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimLinearAlgebra
import AdaDimTestSupport
import Foundation
import Testing

/// Rotation of heads, halves apart, against complex multiplication in Double.
struct RotaryEmbeddingTests {
    private func configuration(headDimension: Int) throws -> ModelConfiguration {
        var configuration = try GoldenModel(name: "llama").model().configuration
        configuration.headDimension = headDimension
        return configuration
    }

    /// Halves shorter than eight lanes, whole runs of lanes, and runs with a rest; two heads a column.
    @Test(arguments: [2, 12, 16, 22, 64, 128])
    func pairsAreTurned(dimension: Int) throws {
        let configuration = try configuration(headDimension: dimension)
        let half = dimension / 2
        let positions = [0, 1, 2, 0, 31, 500]
        let vectors = Matrix<Float>(rows: 2 * dimension, columns: positions.count) { Float(sin(Double($0 * 7 + $1))) }
        var rotated = vectors
        let embedding = RotaryEmbedding(configuration, positions: 501)
        rotated.withMutableView { embedding.rotate($0, positions: positions) }

        #expect(rotated.column(0) == vectors.column(0), "position 0 turns nothing")
        let eps = Double(Float.ulpOfOne)
        for (column, position) in positions.enumerated() {
            // The frequency and the angle are rounded to Float, half an eps each of up to `position` radians; cosine,
            // sine, two products and a sum add less than 3 eps. |a| and |b| are at most 1, so each enters once.
            let bound = 2 * (Double(position) + 3) * eps
            for head in [0, dimension] {
                for i in 0..<half {
                    let angle = Double(position) * pow(configuration.rotaryBase, -Double(2 * i) / Double(dimension))
                    let (a, b) = (Double(vectors[head + i, column]), Double(vectors[head + half + i, column]))
                    #expect(abs(Double(rotated[head + i, column]) - (a * cos(angle) - b * sin(angle))) <= bound)
                    #expect(abs(Double(rotated[head + half + i, column]) - (b * cos(angle) + a * sin(angle))) <= bound)
                }
            }
        }
    }

    /// With base 1 every pair has frequency 1: what remains is the scaling.
    @Test func scalings() throws {
        var configuration = try configuration(headDimension: 6)
        configuration.rotaryBase = 1
        configuration.rotaryScaling = .linear(factor: 4)
        #expect(RotaryEmbedding.frequencies(configuration) == [0.25, 0.25, 0.25])

        // A frequency of 1 makes length / 2π turns. Factors are chosen so that the length of 1 means `turns` of them
        // where 1 is the low and 2 the high one.
        func llama3(turns: Double) -> [Float] {
            let unit = 1 / (2 * Double.pi * turns)
            configuration.rotaryScaling = .llama3(
                factor: 8, lowFrequencyFactor: unit, highFrequencyFactor: 2 * unit, originalLength: 1)
            return RotaryEmbedding.frequencies(configuration)
        }
        #expect(llama3(turns: 4) == [1, 1, 1])
        #expect(llama3(turns: 0.5) == [0.125, 0.125, 0.125])
        let midway = (1 + 0.125) / 2
        for frequency in llama3(turns: 1.5) { #expect(abs(Double(frequency) - midway) <= Double(Float.ulpOfOne)) }
    }
}
