import AdaDimCheckpoint
import AdaDimExport
import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

/// The type that a model is loaded in may not be the one it is stored in, and its names may not be a language model's:
/// both formats are the same model all the same.
@Suite("Types that models are loaded in, and names that they have")
struct LoadedTypeTests {
    private static let layer = LinearLayer.llama("down_proj")

    /// One block in which all tensors are stored as `type`, but for those that `others` names.
    private func makeModel(
        _ type: StoredFloat, stating stated: String?, prefix: String = "model.", others: [String: StoredFloat] = [:]
    ) throws -> ModelDirectory {
        let config = """
            {"model_type": "llama", "vocab_size": 5, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 1,
             "num_attention_heads": 2\(stated.map { ", \"dtype\": \($0)" } ?? "")}
            """
        let directory = try ModelDirectory(config: config)
        var random = SeededFloats(state: 7)
        var tensors = LinearLayer.llama().map { layer in
            let (rows, columns) = CheckpointWriterTests.shape(layer.role)
            let name = prefix + layer.weightName.dropFirst("model.".count)
            return TestTensor(name, others[layer.role] ?? type, [rows, columns], random.next(rows * columns))
        }
        tensors.append(TestTensor(prefix + "norm.weight", others["norm"] ?? type, [64], random.next(64)))
        try directory.write(tensors)
        return directory
    }

    /// Quantizes one layer; gives the output's checkpoint, and what the layer became.
    private func export(
        _ directory: ModelDirectory, _ format: ExportFormat
    ) throws -> (checkpoint: Checkpoint, quantized: Matrix<Float>) {
        let checkpoint = try Checkpoint(directory: directory.url)
        let output = directory.parent.appendingPathComponent(format.rawValue)
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: false)
        let writer = try CheckpointWriter(checkpoint, format: format, to: output)
        let quantized = try RoundToNearestLayer.quantize(
            checkpoint.matrix(Self.layer.weightName), bits: 3, groupSize: 32, .perOutputChannel,
            scaleType: checkpoint.loadedType.scaleType)
        try writer.write(Self.layer, quantized)
        try writer.finish()
        return (try Checkpoint(directory: output, allowingQuantized: true), quantized.dequantized())
    }

    @Test(arguments: StoredFloat.allCases, StoredFloat.allCases)
    func whatIsQuantizedIsRoundedToTheTypeThatIsStated(_ stored: StoredFloat, _ stated: StoredFloat) throws {
        let directory = try makeModel(stored, stating: "\"\(stated.elementType.name)\"")
        defer { directory.remove() }
        let (plain, quantized) = try export(directory, .dequantized)
        let (packed, _) = try export(directory, .compressedTensors)
        let scales = PackedTensor.scales.name(in: Self.layer.moduleName)
        #expect(try plain.location(of: Self.layer.weightName).entry.elementType == stated.elementType)
        #expect(try packed.location(of: scales).entry.elementType == stated.elementType)
        #expect(try plain.matrix(Self.layer.weightName) == packed.matrix(Self.layer.weightName))
        #expect(try plain.matrix(Self.layer.weightName) == stated.rounded(quantized))
        // What is not quantized stays as it was.
        #expect(try packed.location(of: "model.norm.weight").entry.elementType == stored.elementType)
        let notices = [try Checkpoint(directory: directory.url).noticeOfLoadedType].compactMap { $0 }
        let (found, said) = (stored.elementType.name, stated.elementType.name)
        #expect(
            notices
                == (stored == stated
                    ? []
                    : [
                        "\(directory.url.path)/config.json states \(said), but linear layers are stored in \(found): what "
                            + "is quantized is rounded to \(said), the type that it will be loaded in"
                    ]))
    }

    /// Where nothing is stated, a loader takes the type of whatever tensor comes first; the output has others first.
    @Test(
        arguments: [
            (nil, [:], .bfloat16, nil),
            ("null", [:], .bfloat16, nil),
            (nil, ["norm": .float32], .bfloat16, "bfloat16"),
            ("null", ["norm": .float32], .bfloat16, "bfloat16"),
            (nil, ["q_proj": .float32], .float32, "float32"),
            (nil, ["q_proj": .float16], .float32, "float32"),
        ] as [(String?, [String: StoredFloat], StoredFloat, String?)])
    func theOutputStatesATypeWhereSeveralAreStored(
        _ stated: String?, _ others: [String: StoredFloat], _ loaded: StoredFloat, _ added: String?
    ) throws {
        let directory = try makeModel(.bfloat16, stating: stated, others: others)
        defer { directory.remove() }
        #expect(try Checkpoint(directory: directory.url).loadedType == loaded)
        for format in ExportFormat.inSafetensors {
            let (checkpoint, quantized) = try export(directory, format)
            // Not every format's loaders round values.
            #expect(try loaded.rounded(checkpoint.matrix(Self.layer.weightName)) == loaded.rounded(quantized))
            // Tensors of some formats tell nothing of the type.
            let isStated = added != nil || format.packing?.needsStatedType == true
            #expect(checkpoint.configuration.elementType == (isStated ? loaded.elementType : nil))
            let config = checkpoint.directory.appendingPathComponent("config.json")
            let text = try String(contentsOf: config, encoding: .utf8)
            #expect(text.contains("\"torch_dtype\": \"\(loaded.elementType.name)\"") == isStated)
            // What is packed has a type, too, and it is that of all others.
            #expect(checkpoint.loadedType == loaded && checkpoint.typeToState == nil)
        }
        let notices = [try Checkpoint(directory: directory.url).noticeOfLoadedType].compactMap { $0 }
        #expect(notices.count == (added == nil ? 0 : 1))
        #expect(notices.allSatisfy { $0.hasSuffix("rounded to \(added ?? ""), and the output states it") })
    }

    @Test(arguments: ["model.", "", "transformer."]) func namesAreThoseOfTheInput(_ prefix: String) throws {
        let directory = try makeModel(.bfloat16, stating: "\"bfloat16\"", prefix: prefix)
        defer { directory.remove() }
        let (plain, quantized) = try export(directory, .dequantized)
        let (packed, _) = try export(directory, .compressedTensors)
        #expect(try plain.tensorNames == Checkpoint(directory: directory.url).tensorNames)
        let module = "\(prefix)layers.0.mlp.down_proj"
        #expect(PackedTensor.allCases.allSatisfy { packed.tensorNames.contains("\(module).\($0.rawValue)") })
        #expect(!packed.tensorNames.contains("\(module).weight"))
        for checkpoint in [plain, packed] {
            #expect(try checkpoint.matrix(Self.layer.weightName) == StoredFloat.bfloat16.rounded(quantized))
        }
        // Loaded alone or as part of another model, the module has one of two names.
        let text = try String(contentsOf: packed.directory.appendingPathComponent("config.json"), encoding: .utf8)
        let both = prefix == "model." ? [module] : [module, "model.layers.0.mlp.down_proj"]
        let targets = both.map { "\"\($0)\"" }.joined(separator: ",")
        #expect(text.filter { !$0.isWhitespace }.contains("\"targets\":[\(targets)]"))
    }
}
