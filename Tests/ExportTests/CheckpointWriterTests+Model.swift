import AdaDimCheckpoint
import AdaDimExport
import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation

/// The model that these tests quantize, and what an export makes of it.
extension CheckpointWriterTests {
    static let config = config("bfloat16")

    static func config(_ type: String) -> String {
        """
        {"model_type": "llama", "vocab_size": 5, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 1,
         "num_attention_heads": 2, "torch_dtype": "\(type)", "unknown": {"kept": 12345678901234567890}}
        """
    }
    static let layers = LinearLayer.llama()

    /// [out, in] of a layer of the test's model.
    static func shape(_ role: String) -> (Int, Int) {
        switch role {
        case "gate_proj", "up_proj": (96, 64)
        case "down_proj": (64, 96)
        default: (64, 64)
        }
    }

    /// A small model in two shards; tensors begin at odd places.
    func makeModel(_ type: StoredFloat) throws -> ModelDirectory {
        let directory = try ModelDirectory(config: Self.config(type.elementType.name))
        var random = SeededFloats(state: 42)
        var shards: [[TestTensor]] = [[TestTensor("odd", .unsigned8, [3], bytes: [1, 2, 3])], []]
        let names = Self.layers.map { ($0.weightName, Self.shape($0.role)) }
        for (index, (name, shape)) in names.enumerated() {
            shards[index % 2].append(
                TestTensor(name, type, [shape.0, shape.1], random.next(shape.0 * shape.1)))
        }
        shards[1].append(TestTensor("model.embed_tokens.weight", type, [5, 64], random.next(5 * 64)))
        shards[1].append(TestTensor("model.norm.weight", .float32, [64], random.next(64)))
        var map: [String: String] = [:]
        for (index, tensors) in shards.enumerated() {
            let name = "model-0000\(index + 1)-of-00002.safetensors"
            try directory.write(tensors, name)
            for tensor in tensors { map[tensor.name] = name }
        }
        try directory.writeIndex(map)
        for name in ["tokenizer.json", "chat_template.jinja", "other.bin", "LICENSE"] {
            try directory.write("text of \(name)", name)
        }
        // By its name a file to carry, but a directory.
        try FileManager.default.createDirectory(
            at: directory.url.appendingPathComponent("NOTICE"), withIntermediateDirectories: false)
        return directory
    }

    func quantize(
        _ checkpoint: Checkpoint, _ layer: LinearLayer, groupSize: Int?, bits: Int, _ dimension: ChannelDimension,
        _ type: StoredFloat
    ) throws -> QuantizedMatrix {
        try RoundToNearestLayer.quantize(
            try checkpoint.matrix(layer.weightName), bits: bits, groupSize: groupSize, dimension,
            scaleType: type.scaleType)
    }

    struct Exported {
        let url: URL
        var stored: [String: StoredLayer] = [:]
        var quantized: [String: QuantizedMatrix] = [:]
    }

    /// All layers but o, with mixed widths, directions and group sizes; 48 leaves tails in channels of 64.
    /// - Parameter handing: what is handed over with a layer's codes.
    func export(
        _ directory: ModelDirectory, _ format: ExportFormat, _ type: StoredFloat, named name: String? = nil,
        handing: (QuantizedMatrix) -> Matrix<Float>? = { _ in nil }
    ) throws -> Exported {
        let checkpoint = try Checkpoint(directory: directory.url)
        let url = directory.parent.appendingPathComponent(name ?? format.rawValue)
        let output = try OutputDirectory(url, model: directory.url, overwrite: false)
        let writer = try CheckpointWriter(checkpoint, format: format, to: output.partial)
        var exported = Exported(url: url)
        let choices: [String: (Int?, Int, ChannelDimension)] = [
            "q_proj": (32, 3, .perInputChannel), "k_proj": (16, 4, .perOutputChannel),
            "v_proj": (nil, 2, .perOutputChannel), "gate_proj": (48, 3, .perOutputChannel),
            "up_proj": (48, 3, .perInputChannel), "down_proj": (nil, 8, .perInputChannel),
        ]
        // Not in the model's order: layers may come as they are done.
        for layer in Self.layers.reversed() {
            guard let (groupSize, bits, dimension) = choices[layer.role] else { continue }
            let quantized = try quantize(checkpoint, layer, groupSize: groupSize, bits: bits, dimension, type)
            exported.quantized[layer.role] = quantized
            exported.stored[layer.role] = try writer.write(layer, quantized, dequantized: handing(quantized))
        }
        try writer.finish()
        try output.commit()
        return exported
    }
}
