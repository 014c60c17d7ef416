import AdaDimCheckpoint
import AdaDimExport
import AdaDimFormats
import AdaDimJSON
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

/// Models whose layers are all per-OC: compressed-tensors' strategies group and channel.
@Suite("Writing what is served")
struct ServedStrategiesTests {
    private let models = CheckpointWriterTests()

    private func quantize(
        _ checkpoint: Checkpoint, _ layer: LinearLayer, _ groupSize: Int?, bits: Int, symmetric: Bool
    ) throws -> QuantizedMatrix {
        let found = try RoundToNearestLayer.quantize(
            try checkpoint.matrix(layer.weightName), bits: bits, groupSize: groupSize, .perOutputChannel,
            scaleType: .bfloat16)
        guard symmetric else { return found }
        let middle = Matrix(
            repeating: UInt8(1 << (bits - 1)), rows: found.zeroPoints.rows, columns: found.zeroPoints.columns)
        return QuantizedMatrix(
            codes: found.codes, scales: found.scales, zeroPoints: middle, bits: bits, layout: found.layout)
    }

    private func planned(_ layers: [(LinearLayer, QuantizedMatrix)]) -> [PlannedLayer] {
        layers.map {
            PlannedLayer(
                module: $0.moduleName, input: "\($0.stage)", schemes: [LayerScheme(of: $1, scaleType: .bfloat16)])
        }
    }

    /// A model with some layers quantized, and what they were.
    private func export(
        _ directory: ModelDirectory, groupSizes: [String: Int?], bits: Int, symmetric: Bool
    ) throws -> (Checkpoint, [(LinearLayer, QuantizedMatrix)], JSONValue) {
        let checkpoint = try Checkpoint(directory: directory.url)
        let quantized = try CheckpointWriterTests.layers.compactMap { layer in
            try groupSizes[layer.role].map {
                (layer, try quantize(checkpoint, layer, $0, bits: bits, symmetric: symmetric))
            }
        }
        let url = directory.parent.appendingPathComponent("out")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        let writer = try CheckpointWriter(
            checkpoint, format: ExportFormat.compressedTensors.prepared(for: planned(quantized)), to: url)
        for (layer, matrix) in quantized {
            let stored = try writer.write(layer, matrix)
            #expect(stored.denseBecause == nil)
        }
        try writer.finish()
        let config = try JSONDocument([UInt8](Data(contentsOf: url.appendingPathComponent("config.json")))).value
        return (
            try Checkpoint(directory: url, allowingQuantized: true), quantized,
            try #require(config["quantization_config"])
        )
    }

    private func check(_ checkpoint: Checkpoint, _ quantized: [(LinearLayer, QuantizedMatrix)]) throws {
        for (layer, matrix) in quantized {
            #expect(try checkpoint.quantized(layer) == matrix, "\(layer.role)")
            #expect(
                try checkpoint.matrix(layer.weightName)
                    == Matrix(rows: matrix.rows, columns: matrix.columns) {
                        StoredFloat.bfloat16.rounded(matrix.dequantized()[$0, $1])
                    })
        }
    }

    @Test(arguments: [2, 3, 4, 8]) func asymmetricInOneScheme(_ bits: Int) throws {
        let directory = try models.makeModel(.bfloat16)
        defer { directory.remove() }
        let sizes = ["q_proj": 32, "v_proj": 32, "up_proj": 32, "down_proj": 32]
        let (checkpoint, quantized, config) = try export(directory, groupSizes: sizes, bits: bits, symmetric: false)
        try check(checkpoint, quantized)
        #expect(config["dequantize"] == .boolean(true))
        #expect(config["config_groups"]?.members?.count == 1)
        let module = "model.layers.0"
        #expect(
            config["ignore"]?.texts
                == ["lm_head", "\(module).self_attn.k_proj", "\(module).self_attn.o_proj", "\(module).mlp.gate_proj"])
        let weights = """
            {"num_bits": \(bits), "type": "int", "symmetric": false, "strategy": "group", "group_size": 32, "dynamic": false}
            """
        #expect(try config["config_groups"]?["group_0"]?["weights"] == JSONDocument(Array(weights.utf8)).value)
        // The zero points of one group, packed along the 96 outputs: bit by bit against the matrix.
        let (layer, up) = try #require(quantized.first { $0.0.role == "up_proj" })
        let tensor = try checkpoint.location(of: PackedTensor.zeroPoints.name(in: layer.moduleName))
        #expect(tensor.elementType == .signed32 && tensor.shape == [3 * bits, 2])
        let bytes = tensor.withBytes { [UInt8]($0) }
        for group in 0..<2 {
            for output in 0..<96 {
                let zero = (0..<bits).reduce(0) { found, k in
                    let place = output * bits + k
                    let byte = bytes[(place / 32 * 2 + group) * 4 + place % 32 / 8]
                    return found | Int(byte >> UInt8(place % 8) & 1) << k
                }
                #expect(zero == Int(up.zeroPoints[output, group]))
            }
        }
        #expect(up.zeroPoints.columnMajorElements.contains { $0 != up.zeroPoints[0, 0] })
    }

    @Test func symmetricInSeveralSchemes() throws {
        let directory = try models.makeModel(.bfloat16)
        defer { directory.remove() }
        let sizes: [String: Int?] = ["q_proj": 16, "k_proj": 64, "down_proj": nil]
        let (checkpoint, quantized, config) = try export(directory, groupSizes: sizes, bits: 4, symmetric: true)
        try check(checkpoint, quantized)
        #expect(config["dequantize"] == nil)
        let kinds = try (0..<2).map { try #require(config["config_groups"]?["group_\($0)"]?["weights"]) }
        #expect(config["config_groups"]?.members?.count == 2)
        #expect(kinds.allSatisfy { $0["symmetric"] == .boolean(true) && $0["block_structure"] == nil })
        // 64 weights of k_proj and 96 of down_proj are whole channels: one scheme.
        #expect(kinds.map { $0["strategy"]?.text } == ["group", "channel"])
        #expect(kinds.map { $0["group_size"] } == [.integer(16), nil])
        #expect(!checkpoint.tensorNames.contains { $0.hasSuffix("zero_point") })
    }

    /// A channel of as many weights as others have in a group is a group: the model keeps one scheme.
    @Test func channelsBesideGroupsOfTheirSize() throws {
        let directory = try models.makeModel(.bfloat16)
        defer { directory.remove() }
        let wide = try Checkpoint(directory: directory.url)
        let layers = CheckpointWriterTests.layers
        let query = try quantize(wide, layers[0], 64, bits: 4, symmetric: false)
        #expect(query.layout.groupsPerChannel == 1)
        let schemes = [
            LayerScheme(of: query, scaleType: .bfloat16),
            LayerScheme(
                bits: 4, layout: GroupLayout(rows: 64, columns: 128, groupSize: 64, dimension: .perOutputChannel),
                isSymmetric: false, scaleType: .bfloat16),
        ]
        let format = ExportFormat.compressedTensors.prepared(
            for: schemes.enumerated().map { PlannedLayer(module: "\($0)", input: "\($0)", schemes: [$1]) })
        let members = try #require(
            try format.packing?.configuration(of: [
                ConfiguredLayer(names: ["a"], scheme: schemes[0]), ConfiguredLayer(names: ["b"], scheme: schemes[1]),
            ]))
        let config = try JSONDocument([UInt8](members[0].value)).value
        #expect(config["config_groups"]?.members?.count == 1 && config["dequantize"] == .boolean(true))
        #expect(config["config_groups"]?["group_0"]?["targets"]?.texts == ["a", "b"])
    }

    /// A packed model passes through the writer whole or not at all.
    @Test func packedLayersMustBeWritten() throws {
        let directory = try models.makeModel(.bfloat16)
        defer { directory.remove() }
        let (checkpoint, quantized, _) = try export(
            directory, groupSizes: ["q_proj": 32, "k_proj": 32], bits: 4, symmetric: true)
        let url = directory.parent.appendingPathComponent("again")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        let writer = try CheckpointWriter(checkpoint, format: .compressedTensors, to: url)
        try writer.write(quantized[0].0, quantized[0].1)
        #expect(throws: ExportError.layerMissing(module: "model.layers.0.self_attn.k_proj")) { try writer.finish() }
        let text = errorText { try writer.write(quantized[1].0, quantized[0].1.transposedShape) }
        #expect(
            text
                == "layer model.layers.0.self_attn.k_proj: the quantized weight has shape [32, 64], the model's has [64, 64]"
        )
    }
}

extension QuantizedMatrix {
    /// One of another shape.
    fileprivate var transposedShape: QuantizedMatrix {
        QuantizedMatrix(
            codes: Matrix(repeating: 0, rows: 32, columns: 64), scales: Matrix(repeating: 1, rows: 32, columns: 2),
            zeroPoints: Matrix(repeating: 0, rows: 32, columns: 2), bits: 4,
            layout: GroupLayout(rows: 32, columns: 64, groupSize: 32, dimension: .perOutputChannel))
    }
}
