import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimPipeline
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRecipe
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

/// `adadim layer` against the engine's own call on the same numbers, at the same number of threads: nothing may differ.
@Suite struct LayerTests {
    private func bytes(_ name: String, in file: SafetensorsFile) throws -> [UInt8] {
        try file.withBytes(of: name) { [UInt8]($0) }
    }

    /// The options as the tool and as the engine take them.
    struct Case: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let options: QuantizationOptions
        var testDescription: String { arguments.joined(separator: " ") }
    }

    private static let cases = [
        Case(arguments: ["--effort", "fast"], options: .init(.fast) { $0.grid.groupSize = 16 }),
        Case(arguments: [], options: .init(.fast) { $0.grid.groupSize = 16 }.with(.balanced)),
        Case(
            arguments: ["--effort", "best", "--bits", "2"],
            options: .init(.fast) {
                $0.grid.bits = 2
                $0.grid.groupSize = 16
            }.with(.best)),
        Case(
            arguments: [
                "--effort", "fast", "--ranges", "search", "--passes", "2", "--refine", "scales", "--select", "sweep",
            ],
            options: .init(.fast) {
                $0.grid.groupSize = 16
                $0.grid.ranges = .search
                $0.refinement = Refinement(parts: .scales, passes: 2)
                $0.direction = .adaptive(by: .sweep)
            }),
        Case(
            arguments: ["--passes", "0", "--ranges", "minmax", "--no-activation-order", "--bits", "3"],
            options: .init(.fast) {
                $0.grid.bits = 3
                $0.grid.groupSize = 16
                $0.factor.damping = QuantizationOptions.balanced.factor.damping
            }),
        Case(
            arguments: ["--effort", "fast", "--bits", "3", "--select", "sweep"],
            options: .init(.fast) {
                $0.grid.bits = 3
                $0.grid.groupSize = 16
                $0.direction = .adaptive(by: .sweep)
            }),
        Case(
            arguments: [
                "--effort", "fast", "--bits", "2", "--dimension", "per-ic", "--symmetric", "--activation-order",
            ],
            options: .init(.fast) {
                $0.grid.bits = 2
                $0.grid.groupSize = 16
                $0.grid.isSymmetric = true
                $0.factor.activationOrder = true
                $0.direction = .fixed(.perInputChannel)
            }),
        Case(
            arguments: [
                "--bits", "8", "--method", "rtn", "--dimension", "per-oc", "--scale-type",
                "float32",
            ],
            options: .init(.fast) {
                $0.grid.bits = 8
                $0.grid.groupSize = 16
                $0.grid.scaleType = .float32
                $0.method = .roundToNearest
                $0.direction = .fixed(.perOutputChannel)
            }),
        Case(
            arguments: ["--effort", "fast", "--group-size", "channel", "--damping", "0.5", "--scale-type", "float16"],
            options: .init(.fast) {
                $0.grid.groupSize = nil
                $0.grid.scaleType = .float16
                $0.factor.damping = 0.5
            }),
    ]

    @Test(arguments: cases)
    func sameAsTheEngine(_ test: Case) throws {
        let scratch = try LayerScratch()
        try scratch.write()
        let (weight, activations) = scratch.matrices
        let expected = try quantize(weight, activations: activations, options: test.options)
        let outcome = try scratch.tool.run(
            ["layer", "layer.safetensors", "--output", "out.safetensors", "--dequantized", "--json"]
                + (test.arguments.contains("--group-size") ? [] : ["--group-size", "16"])
                + ["--threads", "\(BLASLibrary.threadCount)"] + test.arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try scratch.contents == ["layer.safetensors", "out.safetensors"])

        let file = try SafetensorsFile(path: scratch.path("out.safetensors"))
        #expect(try bytes("codes", in: file) == expected.quantized.codes.rowMajorElements)
        #expect(try bytes("zero_points", in: file) == expected.quantized.zeroPoints.rowMajorElements)
        let scaleType = try #require(
            [ScaleType.bfloat16: StoredFloat.bfloat16, .float16: .float16, .float32: .float32][
                test.options.grid.scaleType])
        let scales = TestTensor("scales", scaleType, [], expected.quantized.scales.rowMajorElements)
        #expect(try bytes("scales", in: file) == scales.bytes)
        let dequantized = TestTensor("dequantized", .bfloat16, [], expected.quantized.dequantized().rowMajorElements)
        #expect(try bytes("dequantized", in: file) == dequantized.bytes)
        #expect(file.metadata["loss"] == "\(expected.loss)")
        #expect(file.metadata["output_energy"] == "\(expected.outputEnergy)")
        #expect(file.metadata["damping_share"] == "\(test.options.factor.damping)")
        #expect(file.metadata["tokens"] == "300" && file.metadata["name"] == "layer")
        #expect(file.metadata["symmetric"] == "\(test.options.grid.isSymmetric)")

        let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
        #expect(report.loss == .init(absolute: expected.loss, relative: expected.relativeLoss))
        #expect(report.dimension == expected.dimension.rawValue && report.shape == [96, 80] && report.tokens == 300)
        #expect(report.losses.keys.sorted() == expected.losses.keys.map(\.rawValue).sorted())
        for (dimension, losses) in expected.losses {
            #expect(report.losses[dimension.rawValue]?.rtn?.absolute == losses.roundToNearest)
            #expect(report.losses[dimension.rawValue]?.gptq?.absolute == losses.gptq)
            #expect(report.losses[dimension.rawValue]?.refined?.absolute == losses.refined)
            #expect((losses.refined ?? 0) <= (losses.gptq ?? 0))
        }
        #expect(report.output == "out.safetensors" && report.inactiveInputs == 0 && report.dampingRaises.isEmpty)
    }

    /// The documented fields of `layer --json`.
    private struct Report: Decodable {
        struct Loss: Decodable, Equatable {
            let absolute: Double
            let relative: Double
        }
        struct Losses: Decodable {
            let rtn: Loss?
            let gptq: Loss?
            let refined: Loss?
        }
        struct Attempt: Decodable {
            let share: Double
            let failedInput: Int
        }
        let name: String
        let shape: [Int]
        let tokens: Int?
        let dimension: String
        let groupSize: Int
        let loss: Loss
        let losses: [String: Losses]
        let outputEnergy: Double
        let damping: Double
        let dampingShare: Double
        let dampingRaises: [Attempt]
        let inactiveInputs: Int
        let inactiveInputIndices: [Int]
        let unusedTensors: [String]
        let output: String?
        let seconds: [String: Double]
    }

    /// The sums over tokens are exact, so a Gram matrix made elsewhere gives the same bits, in either precision.
    @Test(arguments: [false, true])
    func aGramMatrixDoesAsWell(_ isDouble: Bool) throws {
        let scratch = try LayerScratch()
        try scratch.write()
        #expect(try scratch.run("--output", "expected.safetensors").status == 0)
        try FileManager.default.removeItem(atPath: scratch.path("layer.safetensors"))
        let inputs = scratch.inputs
        let gram = (0..<inputs * inputs).map { index in
            (0..<scratch.tokens).reduce(0.0) {
                $0 + Double(scratch.activations[$1 * inputs + index / inputs])
                    * Double(scratch.activations[$1 * inputs + index % inputs])
            }
        }
        let tensor =
            isDouble
            ? TestTensor("gram", doubles: gram, [inputs, inputs])
            : TestTensor("gram", .float32, [inputs, inputs], gram.map(Float.init))
        try scratch.write([scratch.weightTensor(), tensor], metadata: ["tokens": "300"])
        let outcome = try scratch.run("--output", "out.safetensors")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors == "layer: [96, 80], 300 tokens\n")
        let outputs = ["expected.safetensors", "out.safetensors"].map { scratch.path($0) }
        #expect(
            try Data(contentsOf: URL(filePath: outputs[0])) == Data(contentsOf: URL(filePath: outputs[1])))
    }

    /// Inputs 2 and 5 are never active; of 80 inputs, 10 tokens leave most without a pivot of their own.
    @Test func whatTheReportSaysOfAHardLayer() throws {
        let scratch = try LayerScratch(tokens: 10)
        var activations = scratch.activations
        for token in 0..<10 {
            for input in [2, 5] { activations[token * 80 + input] = 0 }
        }
        let tensors = [
            scratch.weightTensor(.float32), TestTensor("activations", .float32, [2, 5, 80], activations),
            TestTensor("bias", .float32, [1], [0]),
        ]
        try scratch.write(tensors, metadata: ["name": "block 3, down"])
        let outcome = try scratch.run("--json", "--damping", "1e-10")
        #expect(outcome.status == 0)
        let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
        #expect(report.name == "block 3, down" && report.tokens == 10 && report.unusedTensors == ["bias"])
        #expect(report.inactiveInputs == 2 && report.inactiveInputIndices == [2, 5] && report.output == nil)
        #expect(report.dampingRaises.first?.share == 1e-10)
        #expect(
            report.dampingShare > 1e-10 && outcome.errors.contains("block 3, down: damping raised from 1e-10 to "))
        #expect(outcome.errors.contains("layer.safetensors: not used: bias\n"))
        #expect(outcome.errors.contains("block 3, down: 2 dead columns are rounded to nearest\n"))
        #expect(
            report.seconds.keys.sorted()
                == ["factor", "gram", "read", "reference", "rtn", "sweep", "total", "write"])
    }

    /// No input is ever active: the layer is rounded plainly.
    @Test(arguments: [[], ["--effort", "fast"], ["--method", "rtn"], ["--dimension", "per-ic", "--damping", "0"]])
    func aLayerWithoutAnActiveInput(_ options: [String]) throws {
        let scratch = try LayerScratch(tokens: 3)
        try scratch.write([
            scratch.weightTensor(), TestTensor("activations", .bfloat16, [3, 80], [Float](repeating: 0, count: 240)),
        ])
        let outcome = try scratch.run(["--output", "out.safetensors", "--json"] + options)
        #expect(outcome.status == 0)
        #expect(
            outcome.errors.contains(
                "layer: none of the 80 inputs was ever active: rounded to nearest; the loss is zero on this text, and "
                    + "unknown on another\n"),
            "\(outcome.errors)")
        #expect(outcome.output.contains("\"relative\" : null") && !outcome.output.lowercased().contains("nan"))
        let loss = try JSONDecoder().decode(Relative.self, from: Data(outcome.output.utf8))
        #expect(loss.loss.absolute == 0 && loss.loss.relative == nil && loss.inactiveInputs == 80)
        let file = try SafetensorsFile(path: scratch.path("out.safetensors"))
        #expect(file.metadata["loss"] == "0.0" && file.metadata["inactive_inputs"] == "80")
        let summary = try scratch.run(["--quiet"] + options)
        #expect(
            summary.status == 0 && summary.output.contains("has no output to lose, ‖WX‖² is 0\n"), "\(summary.output)")
    }

    private struct Relative: Decodable {
        struct Loss: Decodable {
            let absolute: Double
            let relative: Double?
        }

        let loss: Loss
        let inactiveInputs: Int
    }

    @Test(arguments: StoredFloat.allCases)
    func scalesAreStoredAsTheWeightIs(_ type: StoredFloat) throws {
        let scratch = try LayerScratch()
        try scratch.write([scratch.weightTensor(type), scratch.activationsTensor()])
        #expect(try scratch.run("--output", "out.safetensors", "--dequantized", "--quiet").status == 0)
        let file = try SafetensorsFile(path: scratch.path("out.safetensors"))
        #expect(file["scales"]?.elementType == type.elementType)
        #expect(file["dequantized"]?.elementType == type.elementType)
        #expect(file.metadata["weight_type"] == type.elementType.rawValue)
    }

    @Test func theSummary() throws {
        let scratch = try LayerScratch()
        try scratch.write()
        let outcome = try scratch.run("--bits", "3", "--effort", "fast", "--output", "out.safetensors", "--quiet")
        #expect(outcome.errors.isEmpty)
        let (weight, activations) = scratch.matrices
        let expected = try quantize(
            weight, activations: activations,
            options: .init(.fast) {
                $0.grid.bits = 3
                $0.grid.groupSize = 16
            })
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.first == "layer: [96, 80] BF16, 300 tokens")
        let share = String(format: "%.3g %%", 100 * expected.relativeLoss)
        #expect(lines.contains("\(expected.dimension.rawValue), 3 bits in groups of 16: loses \(share) of ‖WX‖²"))
        #expect(lines.contains { $0.hasPrefix(expected.dimension.rawValue) && $0.hasSuffix("chosen") })
        #expect(lines.last == "Written to out.safetensors")
    }

    @Test func packedCodesTakeTheirBits() throws {
        let scratch = try LayerScratch()
        try scratch.write()
        #expect(
            try scratch.run("--bits", "3", "--effort", "fast", "--output", "out.safetensors", "--packed").status == 0)
        let (weight, activations) = scratch.matrices
        let expected = try quantize(
            weight, activations: activations,
            options: .init(.fast) {
                $0.grid.bits = 3
                $0.grid.groupSize = 16
            })
        let file = try SafetensorsFile(path: scratch.path("out.safetensors"))
        #expect(file["codes"] == nil && file["packed_codes"]?.shape == [96, 8])
        let words = PackedRows(packing: expected.quantized.codes, bits: 3).words
        #expect(try bytes("packed_codes", in: file) == words.withUnsafeBytes { [UInt8]($0) })
    }
}

extension QuantizationOptions {
    /// As the tool makes them of its one knob.
    fileprivate func with(_ effort: Effort) -> QuantizationOptions {
        var options = self
        options.apply(effort)
        return options
    }
}
