import AdaDimFiles
import AdaDimSafetensors

/// Why a file is not a layer, or not one to write a layer to.
package struct LayerFileError: Error, Equatable, CustomStringConvertible {
    package let file: String
    package let problem: Problem

    init(file: String, _ problem: Problem) {
        self.file = file
        self.problem = problem
    }

    package var description: String { "\(file): \(problem)" }

    /// One malformation, one case.
    package enum Problem: Error, Equatable, Sendable {
        // By the header.
        case safetensors(SafetensorsError.Problem)
        case noWeight(found: [String])
        case noCalibration
        case bothCalibrations
        case wrongElementType(tensor: String, found: TensorElementType, expected: String)
        case wrongShape(tensor: String, found: [Int], expected: String)
        case badTokenCount(found: String)
        // By what the tensors hold.
        case notFinite(tensor: String, value: Double, index: [Int])
        case notSymmetric(row: Int, column: Int, values: [Float], allowed: Float)
        case negativeDiagonal(input: Int, value: Float)
        case zeroGram
        // Of the output.
        case outputIsInput
    }
}

extension LayerFileError.Problem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .safetensors(let problem): "\(problem)"
        case .noWeight(let found):
            "no tensor weight, expected one [out, in]; the file holds "
                + (found.isEmpty ? "no tensors" : shortList(found, most: 5))
        case .noCalibration: "neither a tensor activations nor a tensor gram, expected one of them"
        case .bothCalibrations: "both a tensor activations and a tensor gram, expected one of them"
        case .wrongElementType(let tensor, let found, let expected):
            "tensor \(tensor) holds \(found.rawValue), expected \(expected)"
        case .wrongShape(let tensor, let found, let expected):
            "tensor \(tensor) has shape \(found), expected \(expected)"
        case .badTokenCount(let found):
            "tokens in __metadata__ is \"\(found)\", expected the number of tokens that gram sums up, 1 or more"
        case .notFinite(let tensor, let value, let index):
            "tensor \(tensor) holds \(value) at \(index), expected numbers that are finite as F32"
        case .notSymmetric(let row, let column, let values, let allowed):
            "tensor gram holds \(values[0]) at [\(row), \(column)] and \(values[1]) at [\(column), \(row)], expected a "
                + "symmetric matrix: these two may differ by \(allowed), which is 2^-10 of the geometric mean of the "
                + "diagonal's [\(row), \(row)] and [\(column), \(column)]"
        case .negativeDiagonal(let input, let value):
            "tensor gram holds \(value) at [\(input), \(input)], expected a sum of squares"
        case .zeroGram: "tensor gram has a diagonal of zeros: no input was ever active"
        case .outputIsInput: "the output is the input's own file, expected another one"
        }
    }
}
