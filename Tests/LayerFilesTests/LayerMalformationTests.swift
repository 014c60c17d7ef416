import AdaDimCheckpoint
import AdaDimLayerFiles
import AdaDimLinearAlgebra
import AdaDimTestSupport
import Foundation
import Testing

/// Files that are no layer are refused, each with a text that says what was found and what was expected.
@Suite struct LayerMalformationTests {
    private static let weight = TestTensor("weight", .float32, [2, 3], [1, 2, 3, 4, 5, 6])
    private static let activations = TestTensor("activations", .float32, [1, 3], [1, 2, 3])
    private static let gram = TestTensor("gram", .float32, [3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1])

    /// What opening a file of these tensors says, after the file's path, and then reading all that it holds.
    private func refusal(_ tensors: [TestTensor], metadata: [String: String] = [:]) throws -> String {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let path = directory.path("layer.safetensors")
        try writeSafetensors(tensors, metadata: metadata, to: path)
        let text = errorText {
            let file = try LayerFile(path: path)
            _ = try file.weight
            _ = try file.makeGram()
        }
        #expect(text.hasPrefix(path + ": "), "\(text)")
        return String(text.dropFirst(path.utf8.count + 2))
    }

    @Test func missingTensors() throws {
        #expect(
            try refusal([Self.activations, TestTensor("W", .float32, [1], [1])])
                == "no tensor weight, expected one [out, in]; the file holds W, activations")
        // A whole model by mistake: its tensors are not all named.
        #expect(
            try refusal((1...8).map { TestTensor("w\($0)", .float32, [1], [1]) })
                == "no tensor weight, expected one [out, in]; the file holds w1, w2, w3, w4, w5 and 3 more")
        #expect(try refusal([]) == "no tensor weight, expected one [out, in]; the file holds no tensors")
        #expect(
            try refusal([Self.weight])
                == "neither a tensor activations nor a tensor gram, expected one of them")
        #expect(
            try refusal([Self.weight, Self.activations, Self.gram])
                == "both a tensor activations and a tensor gram, expected one of them")
    }

    @Test func wrongShapes() throws {
        func weight(_ shape: [Int]) throws -> String {
            let numbers = [Float](repeating: 1, count: shape.reduce(1, *))
            return try refusal([TestTensor("weight", .float32, shape, numbers), Self.activations])
        }
        for shape in [[6], [0, 3], [2, 0], [1, 2, 3], []] {
            #expect(
                try weight(shape) == "tensor weight has shape \(shape), expected [out, in], neither of them 0")
        }
        for shape in [[3], [3, 1], [0, 3], [1, 1, 1, 3], [0, 2, 3], [3, 0]] {
            let numbers = [Float](repeating: 1, count: shape.reduce(1, *))
            #expect(
                try refusal([Self.weight, TestTensor("activations", .float32, shape, numbers)])
                    == "tensor activations has shape \(shape), expected [tokens, 3] or [batch, tokens, 3] with at least "
                    + "one token, by the shape of weight")
        }
        for shape in [[9], [2, 2], [3, 4], [1, 3, 3]] {
            let numbers = [Float](repeating: 1, count: shape.reduce(1, *))
            #expect(
                try refusal([Self.weight, TestTensor("gram", .float32, shape, numbers)])
                    == "tensor gram has shape \(shape), expected [3, 3], by the shape of weight")
        }
    }

    @Test func wrongTypes() throws {
        #expect(
            try refusal([TestTensor("weight", .signed8, [2, 3], bytes: [1, 2, 3, 4, 5, 6]), Self.activations])
                == "tensor weight holds I8, expected BF16, F16 or F32")
        #expect(
            try refusal([Self.weight, TestTensor("activations", doubles: [1, 2, 3], [1, 3])])
                == "tensor activations holds F64, expected BF16, F16 or F32")
        #expect(
            try refusal([Self.weight, TestTensor("gram", .bfloat16, [3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1])])
                == "tensor gram holds BF16, expected F32 or F64")
    }

    @Test(arguments: ["0", "-1", "many", "1.5", ""])
    func tokensThatAreNoCount(_ tokens: String) throws {
        #expect(
            try refusal([Self.weight, Self.gram], metadata: ["tokens": tokens])
                == "tokens in __metadata__ is \"\(tokens)\", expected the number of tokens that gram sums up, 1 or more"
        )
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity], StoredFloat.allCases)
    func notFinite(_ value: Float, _ type: StoredFloat) throws {
        func text(_ tensor: String, _ index: [Int]) -> String {
            "tensor \(tensor) holds \(value) at \(index), expected numbers that are finite as F32"
        }
        // The first one is named, row after row.
        let weight = TestTensor("weight", type, [2, 3], [1, 2, 3, 4, value, .nan])
        #expect(try refusal([weight, Self.activations]) == text("weight", [1, 1]))
        // In the second panel.
        var numbers = [Float](repeating: 1, count: 2100 * 3)
        numbers[2099 * 3 + 2] = value
        let activations = TestTensor("activations", type, [2100, 3], numbers)
        #expect(try refusal([Self.weight, activations]) == text("activations", [2099, 2]))
        let batches = TestTensor("activations", type, [30, 70, 3], numbers)
        #expect(try refusal([Self.weight, batches]) == text("activations", [29, 69, 2]))
    }

    @Test func gramsThatAreNone() throws {
        func gram(_ numbers: [Float]) throws -> String {
            try refusal([Self.weight, TestTensor("gram", .float32, [3, 3], numbers)])
        }
        let notFinite = "expected numbers that are finite as F32"
        #expect(
            try gram([1, 0, .infinity, 0, 1, 0, 0, 0, .nan]) == "tensor gram holds inf at [0, 2], \(notFinite)")
        #expect(try gram([1, 0, 0, 0, 1, 0, .nan, 0, 1]) == "tensor gram holds nan at [2, 0], \(notFinite)")
        #expect(
            try gram([1, 0, 0, 0, -2, 0, 0, 0, 1]) == "tensor gram holds -2.0 at [1, 1], expected a sum of squares")
        #expect(
            try gram([Float](repeating: 0, count: 9))
                == "tensor gram has a diagonal of zeros: no input was ever active")
        // Only one triangle filled in; the allowance is 2^-10 · √(4·16).
        #expect(
            try gram([1, 0, 0, 0, 4, 3, 0, 0, 16])
                == "tensor gram holds 3.0 at [1, 2] and 0.0 at [2, 1], expected a symmetric matrix: these two may differ "
                + "by 0.0078125, which is 2^-10 of the geometric mean of the diagonal's [1, 1] and [2, 2]")
    }

    /// A number of a 64-bit Gram matrix that 32 bits do not hold is shown as it is.
    @Test func doublesThatAreNoFloats() throws {
        let gram = TestTensor("gram", doubles: [1, 0, 0, 0, 1e300, 0, 0, 0, 1], [3, 3])
        #expect(
            try refusal([Self.weight, gram])
                == "tensor gram holds 1e+300 at [1, 1], expected numbers that are finite as F32")
    }

    /// Wherever asymmetry or NaN sits, also far from the diagonal and in tiles that are not full.
    @Test(arguments: [(0, 69), (63, 64), (64, 69), (69, 3), (5, 4)])
    func everyElementIsLookedAt(_ row: Int, _ column: Int) throws {
        let order = 70
        let weight = TestTensor("weight", .float32, [1, order], [Float](repeating: 1, count: order))
        var numbers = (0..<order * order).map { Float($0 / order == $0 % order ? 1 : 0) }
        numbers[row * order + column] = 0.5
        let (i, j) = (min(row, column), max(row, column))
        #expect(
            try refusal([weight, TestTensor("gram", .float32, [order, order], numbers)])
                .hasPrefix("tensor gram holds \(row < column ? 0.5 : 0.0) at [\(i), \(j)] and "))
        numbers[row * order + column] = .nan
        #expect(
            try refusal([weight, TestTensor("gram", .float32, [order, order], numbers)])
                .hasPrefix("tensor gram holds nan at [\(row), \(column)], "))
    }

    @Test func filesThatAreNotSafetensors() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let path = directory.path("layer.safetensors")
        func text() -> String { errorText { _ = try LayerFile(path: path) } }
        #expect(text() == "\(path): cannot be read: No such file or directory")
        try writeSafetensors([Self.weight, Self.activations], to: path)
        let whole = try Data(contentsOf: URL(filePath: path))
        try whole.dropLast(5).write(to: URL(filePath: path))
        #expect(
            text()
                == "\(path): tensor activations: data_offsets end at 36, but the file holds 31 bytes of data; the file is "
                + "cut short or damaged")
        try Data([1, 2, 3]).write(to: URL(filePath: path))
        #expect(text() == "\(path): 3 bytes, expected at least the 8 of the header's length")
    }
}
