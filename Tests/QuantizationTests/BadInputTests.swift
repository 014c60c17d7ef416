import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import Testing

/// Every refusal says what was found and what was expected.
@Suite struct BadInputTests {
    private let layer = RandomLayer(out: 4, in: 6, seed: 1)

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing was thrown"
        } catch {
            return "\(error)"
        }
    }

    @Test func bitsOutsideTheSupportedOnes() {
        for bits in [0, 1, 5, 9, -3] {
            #expect(
                message {
                    _ = try quantize(
                        layer.weight, activations: layer.activations, options: .init(.fast) { $0.grid.bits = bits })
                }
                    == "bits is \(bits), expected 2, 3, 4 or 8")
        }
    }

    @Test func groupSizeOfNothing() {
        #expect(
            message {
                _ = try quantize(
                    layer.weight, activations: layer.activations, options: .init(.fast) { $0.grid.groupSize = 0 })
            }
                == "groupSize is 0, expected a positive number")
    }

    @Test func dampingBelowZeroOrNotANumber() {
        for damping in [-0.1, .nan, .infinity] {
            #expect(
                message {
                    _ = try quantize(
                        layer.weight, activations: layer.activations,
                        options: .init(.fast) { $0.factor.damping = damping })
                }
                .hasPrefix("damping is \(damping), expected a share"))
        }
    }

    @Test func weightAndGramOfDifferentWidth() throws {
        let gram = try layer.gram
        #expect(
            message { _ = try quantize(Matrix<Double>(repeating: 1, rows: 4, columns: 5), gram: gram) }
                == "the weight has 5 inputs but its Gram matrix 6")
    }

    @Test func activationsOfTheWrongHeight() {
        #expect(
            message { _ = try quantize(layer.weight, activations: Matrix<Double>(repeating: 1, rows: 5, columns: 9)) }
                == "activations have 5 inputs, expected 6")
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func nonFiniteNumbersAreNamedByIndex(_ value: Double) throws {
        var weight = layer.weight
        weight[3, 2] = value
        #expect(
            message { _ = try quantize(weight, activations: layer.activations) }
                == "the weight holds NaN or infinity at [3, 2]")
        var activations = layer.activations
        activations[5, 7] = value
        var gram = try Gram<Double>(order: 6)
        try gram.accumulate(layer.activations)
        let before = gram.symmetric()
        #expect(
            message { try gram.accumulate(activations) }
                == "activations hold NaN or infinity at input 5, token \(layer.activations.columns + 7)")
        #expect(gram.symmetric() == before)
        #expect(gram.tokens == layer.activations.columns)
        var matrix = before
        matrix[4, 1] = value
        #expect(message { _ = try Gram(matrix, tokens: 1) } == "the Gram matrix holds NaN or infinity at [4, 1]")
    }

    @Test func allZeroGram() throws {
        let zeros = Matrix<Double>(repeating: 0, rows: 6, columns: 9)
        let strict = QuantizationOptions(.fast) { $0.factor.refusesInactiveLayers = true }
        let expected = "all 6 inputs are inactive: the Gram matrix of 9 tokens is zero"
        #expect(message { _ = try quantize(layer.weight, activations: zeros, options: strict) } == expected)
        var gram = try Gram<Double>(order: 6)
        try gram.accumulate(zeros)
        let factor = try GramFactor(gram)
        #expect(message { _ = try LayerQuantizer(factor: factor, options: strict) } == expected)
        // Where no token has come it is a mistake, whoever is asked.
        let none = "all 6 inputs are inactive: the Gram matrix of 0 tokens is zero"
        #expect(message { _ = try GramFactor(try Gram<Double>(order: 6)) } == none)
        #expect(message { _ = try quantize(layer.weight, gram: try Gram<Double>(order: 6)) } == none)
    }

    /// A diagonal of zeros with other numbers beside it is of no X·Xᵀ.
    @Test func zeroDiagonalOfNoGram() throws {
        var matrix = Matrix<Double>(repeating: 0, rows: 6, columns: 6)
        (matrix[4, 2], matrix[2, 4]) = (1e-3, 1e-3)
        let gram = try Gram(matrix, tokens: 3)
        #expect(
            message { _ = try quantize(layer.weight, gram: gram) }
                .hasPrefix("the damped Gram matrix is not positive definite: Cholesky failed at input 2 of 6"))
    }

    @Test func gramThatIsNoGram() {
        #expect(
            message { _ = try Gram(Matrix<Double>(repeating: 1, rows: 2, columns: 3), tokens: 1) }
                == "a Gram matrix is square, found [2, 3]")
        #expect(
            message { _ = try Gram(Matrix<Double>(rowMajor: [1, 0, 0, -2], rows: 2, columns: 2), tokens: 1) }
                == "the Gram matrix has -2.0 at input 1 of its diagonal, expected a sum of squares")
    }

    @Test func emptyWeight() throws {
        let gram = try layer.gram
        #expect(
            message { _ = try quantize(Matrix<Double>(repeating: 1, rows: 0, columns: 6), gram: gram) }
                == "the weight has shape [0, 6], expected at least one element")
    }

    @Test func lossesOfWhatDoesNotFit() throws {
        let factor = try GramFactor(layer.gram)
        func shape(_ rows: Int, _ columns: Int) -> Matrix<Double> { Matrix(repeating: 1, rows: rows, columns: columns) }
        #expect(
            message { _ = try factor.loss(of: shape(0, 6), replacing: shape(0, 6)) }
                == "the weight has shape [0, 6], expected at least one element")
        #expect(
            message { _ = try factor.loss(of: shape(4, 6), replacing: shape(4, 5)) }
                == "the weight has 5 inputs but its Gram matrix 6")
        for found in [shape(3, 6), shape(4, 5), shape(0, 6)] {
            #expect(
                message { _ = try factor.loss(of: found, replacing: layer.weight) }
                    == "the quantized weight has shape [\(found.rows), \(found.columns)], the weight that it replaces [4, 6]"
            )
        }
    }

    /// More weights to a group than any channel has: a group is a channel.
    @Test(arguments: [nil] + ChannelDimension.allCases, QuantizationOptions.Method.allCases)
    func theLargestGroupSize(_ dimension: ChannelDimension?, _ method: QuantizationOptions.Method) throws {
        var options = QuantizationOptions(.fast) {
            $0.grid.groupSize = .max
            $0.method = method
            $0.direction = dimension.map { .fixed($0) } ?? .adaptive(by: .roundToNearest)
        }
        let largest = try quantize(layer.weight, activations: layer.activations, options: options)
        options.grid.groupSize = nil
        let channel = try quantize(layer.weight, activations: layer.activations, options: options)
        #expect(largest.quantized == channel.quantized && largest.losses == channel.losses)
    }

    @Test(arguments: ChannelDimension.allCases, QuantizationOptions.Method.allCases)
    func scaleBeyondItsType(_ dimension: ChannelDimension, _ method: QuantizationOptions.Method) {
        var weight = layer.weight
        weight[2, 3] = 3e6
        let options = QuantizationOptions(.fast) {
            $0.grid.bits = 2
            $0.grid.groupSize = nil
            $0.grid.scaleType = .float16
            $0.method = method
            $0.direction = .fixed(dimension)
        }
        let expected = dimension == .perOutputChannel ? "scale [2, 0]" : "scale [0, 3]"
        #expect(
            message { _ = try quantize(weight, activations: layer.activations, options: options) }
                == "\(expected) is too large for float16, whose largest number is 65504.0")
    }

    @Test func factorsMadeForOtherOptions() throws {
        let factor = try GramFactor(layer.gram, dampingShare: 0.01)
        #expect(
            message {
                _ = try LayerQuantizer(factor: factor, options: .init(.fast) { $0.factor.activationOrder = true })
            }
                == "the factor's columns are not in activation order, the options have the opposite")
        #expect(
            message { _ = try LayerQuantizer(factor: factor, options: .init(.fast) { $0.factor.damping = 0.1 }) }
                == "the factor was made with damping 0.01, the options have 0.1")
    }

    @Test func numbersTooLargeForTheirType() throws {
        let activations = Matrix<Float>(repeating: 1e30, rows: 6, columns: 9)
        #expect(
            message { _ = try quantize(layer.weight.inFloat, activations: activations) }
                == "the Gram matrix's mean diagonal is not a finite number; the activations are too large for its type")
        let weight = Matrix<Float>(repeating: 1e30, rows: 4, columns: 6)
        #expect(
            message { _ = try quantize(weight, activations: layer.activations.inFloat) }
                == "\(QuantizationError.lossNotFinite)")
    }
}
