import AdaDimCheckpoint
import AdaDimLayerFiles
import AdaDimLinearAlgebra
import AdaDimTestSupport
import Foundation
import Testing

@Suite struct LayerFileTests {
    /// Small whole numbers: every type holds them, and sums of their products are exact.
    private static func numbers(_ rows: Int, _ columns: Int) -> [Float] {
        (0..<rows * columns).map { Float(($0 / columns * 7 + $0 % columns * 3 + $0 / 13) % 11 - 5) }
    }

    /// X·Xᵀ by its definition, from activations [tokens, inputs], row-major.
    private static func gram(_ activations: [Float], inputs: Int) -> [Float] {
        let tokens = activations.count / inputs
        return (0..<inputs * inputs).map { index in
            (0..<tokens).reduce(0) {
                $0 + activations[$1 * inputs + index / inputs] * activations[$1 * inputs + index % inputs]
            }
        }
    }

    private func open(
        _ tensors: [TestTensor], metadata: [String: String] = [:], _ body: (LayerFile) throws -> Void
    ) throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let path = directory.path("some.layer.safetensors")
        try writeSafetensors(tensors, metadata: metadata, to: path)
        try body(try LayerFile(path: path))
    }

    @Test(arguments: StoredFloat.allCases)
    func weightOfEveryType(_ type: StoredFloat) throws {
        // Taller and wider than the tiles of 32 × 64 by which it is read.
        let (out, inputs) = (37, 70)
        let weight = Self.numbers(out, inputs)
        let tensors = [
            TestTensor("weight", type, [out, inputs], weight),
            TestTensor("activations", type, [1, inputs], Self.numbers(1, inputs)),
        ]
        try open(tensors) { file in
            #expect(file.rows == out && file.columns == inputs && file.weightType == type)
            #expect(file.name == "some.layer")
            let (all, some) = (try file.weight, try file.weight(rows: 5..<8))
            #expect(all == Matrix(rowMajor: weight, rows: out, columns: inputs))
            #expect(some == Matrix(rowMajor: Array(weight[5 * inputs..<8 * inputs]), rows: 3, columns: inputs))
        }
    }

    /// Fewer tokens than a panel, one panel, one more than that.
    @Test(arguments: [1, 300, 2048, 2049], StoredFloat.allCases)
    func gramOfActivations(_ tokens: Int, _ type: StoredFloat) throws {
        let inputs = 9
        let activations = Self.numbers(tokens, inputs)
        let weight = TestTensor("weight", .float32, [2, inputs], Self.numbers(2, inputs))
        let expected = Matrix(rowMajor: Self.gram(activations, inputs: inputs), rows: inputs, columns: inputs)
        try open([weight, TestTensor("activations", type, [tokens, inputs], activations)]) { file in
            var shares: [Double] = []
            let gram = try file.makeGram { shares.append($0) }
            #expect(gram.symmetric() == expected)
            #expect(gram.tokens == tokens && file.tokenCount == tokens)
            #expect(file.tokensAtOnce == min(tokens, 2048))
            #expect(shares == (tokens > 2048 ? [2048.0 / 2049, 1] : [1]))
        }
    }

    @Test func batchesAreFlattened() throws {
        let (batch, tokens, inputs) = (3, 5, 4)
        let activations = Self.numbers(batch * tokens, inputs)
        let tensors = [
            TestTensor("weight", .bfloat16, [1, inputs], [1, 2, 3, 4]),
            TestTensor("activations", .float16, [batch, tokens, inputs], activations),
        ]
        try open(tensors) { file in
            #expect(file.tokenCount == 15)
            let expected = Matrix(rowMajor: Self.gram(activations, inputs: inputs), rows: inputs, columns: inputs)
            let gram = try file.makeGram()
            #expect(gram.symmetric() == expected)
        }
    }

    @Test(arguments: [false, true])
    func gramAsItIs(_ isDouble: Bool) throws {
        // Two tiles of the symmetry check, the second one not full.
        let inputs = 70
        let gram = Self.gram(Self.numbers(100, inputs), inputs: inputs)
        let weight = TestTensor("weight", .float32, [1, inputs], Self.numbers(1, inputs))
        let tensor =
            isDouble
            ? TestTensor("gram", doubles: gram.map(Double.init), [inputs, inputs])
            : TestTensor("gram", .float32, [inputs, inputs], gram)
        let metadata = ["tokens": "100", "name": "model.layers.0.self_attn.q_proj"]
        try open([weight, tensor], metadata: metadata) { file in
            #expect(file.name == "model.layers.0.self_attn.q_proj")
            #expect(file.tokenCount == 100 && file.tokensAtOnce == 0)
            let found = try file.makeGram()
            #expect(found.tokens == 100)
            #expect(found.symmetric() == Matrix(rowMajor: gram, rows: inputs, columns: inputs))
        }
        try open([weight, tensor]) { file in #expect(file.tokenCount == nil) }
    }

    /// Up to 2⁻¹⁰ of the geometric mean of the diagonal's 4 and 16, mirrored elements may differ; the upper one counts.
    @Test func roundingErrorsAreNoAsymmetry() throws {
        let weight = TestTensor("weight", .float32, [1, 2], [1, 1])
        let allowed: Float = 8 * 0x1p-10
        try open([weight, TestTensor("gram", .float32, [2, 2], [4, 3, 3 + allowed, 16])]) { file in
            let gram = try file.makeGram()
            #expect(gram.symmetric() == Matrix(rowMajor: [4, 3, 3, 16], rows: 2, columns: 2))
        }
        try open([weight, TestTensor("gram", .float32, [2, 2], [4, 3, (3 + allowed).nextUp, 16])]) { file in
            #expect(errorText { _ = try file.makeGram() }.contains("expected a symmetric matrix"))
        }
    }

    @Test func otherTensorsAreNamed() throws {
        let tensors = [
            TestTensor("weight", .float32, [1, 1], [1]), TestTensor("scale", .float32, [1], [1]),
            TestTensor("activations", .float32, [1, 1], [1]), TestTensor("bias", .float32, [1], [1]),
        ]
        try open(tensors) { #expect($0.unusedTensors == ["bias", "scale"]) }
    }

    @Test func whatBetweenThrowsEndsTheSum() throws {
        struct Stop: Error {}
        let tensors = [
            TestTensor("weight", .float32, [1, 1], [1]),
            TestTensor("activations", .float32, [5000, 1], Self.numbers(5000, 1)),
        ]
        try open(tensors) { file in
            var panels = 0
            #expect(throws: Stop.self) {
                try file.makeGram { _ in
                    panels += 1
                    if panels == 2 { throw Stop() }
                }
            }
            #expect(panels == 2)
        }
    }
}
