import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

/// A directory with a layer's file, gone at the test's end.
final class LayerScratch {
    let url: URL
    let tool: Tool
    let out: Int
    let inputs: Int
    let tokens: Int

    /// Small whole numbers times a power of two: every type holds them, and no sum over tokens is rounded.
    let weight: [Float]
    let activations: [Float]

    init(out: Int = 96, inputs: Int = 80, tokens: Int = 300) throws {
        (self.out, self.inputs, self.tokens) = (out, inputs, tokens)
        url = FileManager.default.temporaryDirectory.appending(path: "adadim-layer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        tool = Tool(directory: url)
        func numbers(_ count: Int, _ seed: UInt32) -> [Float] {
            var state = seed
            return (0..<count).map { _ in
                state = state &* 1_664_525 &+ 1_013_904_223
                return Float(Int(state >> 26) - 32)
            }
        }
        weight = numbers(out * inputs, 1).map { $0 / 1024 }
        // Some inputs are louder than the others.
        let plain = numbers(tokens * inputs, 2)
        activations = plain.indices.map { plain[$0] * ($0 % inputs % 17 == 3 ? 8 : 1) / 32 }
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    var contents: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
    }

    func path(_ name: String) -> String { url.appending(path: name).path }

    func weightTensor(_ type: StoredFloat = .bfloat16) -> TestTensor {
        TestTensor("weight", type, [out, inputs], weight)
    }

    func activationsTensor(_ type: StoredFloat = .bfloat16) -> TestTensor {
        TestTensor("activations", type, [tokens, inputs], activations)
    }

    /// Writes `layer.safetensors`: the weight and the activations, unless other tensors are given.
    func write(_ tensors: [TestTensor]? = nil, metadata: [String: String] = [:]) throws {
        try writeSafetensors(
            tensors ?? [weightTensor(), activationsTensor()], metadata: metadata, to: path("layer.safetensors"))
    }

    /// `adadim layer layer.safetensors`, groups of 16, and then `options`.
    func run(_ options: String..., whileRunning: ((Process) -> Void)? = nil) throws -> Tool.Outcome {
        try run(options, whileRunning: whileRunning)
    }

    func run(_ options: [String], whileRunning: ((Process) -> Void)? = nil) throws -> Tool.Outcome {
        try tool.run(
            ["layer", "layer.safetensors", "--group-size", "16", "--threads", "\(BLASLibrary.threadCount)"] + options,
            whileRunning: whileRunning)
    }

    /// W [out, in] and X [in, tokens] as the engine takes them.
    var matrices: (weight: Matrix<Float>, activations: Matrix<Float>) {
        (
            Matrix(rowMajor: weight, rows: out, columns: inputs),
            Matrix(columnMajor: activations, rows: inputs, columns: tokens)
        )
    }
}
