import AdaDimCheckpoint
import AdaDimExport
import AdaDimFormats
import AdaDimJSON
import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

/// Models for MLX, written and read back.
extension CheckpointWriterTests {
    /// Bits, group size and direction by role; o stays as it is.
    private static let schemes: [String: (bits: Int, groupSize: Int, ChannelDimension)] = [
        "q_proj": (3, 32, .perInputChannel), "k_proj": (4, 64, .perOutputChannel), "v_proj": (2, 32, .perOutputChannel),
        "gate_proj": (8, 32, .perInputChannel), "up_proj": (3, 32, .perOutputChannel),
        "down_proj": (4, 32, .perOutputChannel),
    ]

    private func exportMLX(_ directory: ModelDirectory, _ type: StoredFloat) throws -> Exported {
        let checkpoint = try Checkpoint(directory: directory.url)
        let url = directory.parent.appendingPathComponent("mlx")
        let output = try OutputDirectory(url, model: directory.url, overwrite: false)
        let table = checkpoint.configuration.embedding
        let writer = try CheckpointWriter(checkpoint, format: .mlx, tables: [table], to: output.partial)
        var exported = Exported(url: url)
        for layer in Self.layers {
            guard let (bits, groupSize, dimension) = Self.schemes[layer.role] else { continue }
            let quantized = try quantize(checkpoint, layer, groupSize: groupSize, bits: bits, dimension, type)
            exported.quantized[layer.moduleName] = quantized
            exported.stored[layer.role] = try writer.write(layer, quantized)
        }
        let quantized = try quantize(checkpoint, table, groupSize: 64, bits: 8, .perOutputChannel, type)
        exported.quantized[table.moduleName] = quantized
        exported.stored[table.role] = try writer.write(table, quantized)
        try writer.finish()
        try output.commit()
        return exported
    }

    /// A code from its first bit on, bit by bit, in a stream of words, the lowest bit first.
    private static func code(_ words: [UInt32], _ start: Int, bits: Int) -> Int {
        var code = 0
        for bit in 0..<bits {
            let place = start + bit
            let isSet = (words[place / 32] >> UInt32(place % 32)) & 1 == 1
            if isSet { code |= 1 << bit }
        }
        return code
    }

    /// scale·code + bias in Float, from the files' bits, is the quantized weight; and the same is read back.
    @Test(arguments: StoredFloat.allCases) func mlxHoldsTheValues(_ type: StoredFloat) throws {
        let directory = try makeModel(type)
        defer { directory.remove() }
        let exported = try exportMLX(directory, type)
        let checkpoint = try Checkpoint(directory: exported.url, allowingQuantized: true)
        #expect(checkpoint.packedLayers?.count == 7 && exported.quantized.count == 7)
        for (module, quantized) in exported.quantized {
            let isTransposed = quantized.dimension == .perInputChannel
            let (rows, columns) =
                isTransposed ? (quantized.columns, quantized.rows) : (quantized.rows, quantized.columns)
            let codes = try checkpoint.location(of: module + ".weight")
            #expect(
                codes.entry.elementType == .unsigned32 && codes.entry.shape == [rows, columns * quantized.bits / 32])
            let words: [UInt32] = codes.withBytes { bytes in
                (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self) }
            }
            let groups = columns / quantized.groupSize
            func numbers(_ name: String) throws -> Matrix<Float> {
                let tensor = try checkpoint.location(of: "\(module).\(name)")
                #expect(tensor.entry.shape == [rows, groups])
                return try tensor.matrix(tensor.floatType(), rows: rows, columns: groups)
            }
            let (scales, biases) = (try numbers("scales"), try numbers("biases"))
            let expected = quantized.dequantized()
            var wrong = 0
            for i in 0..<rows {
                for j in 0..<columns {
                    let code: Int = Self.code(words, (i * columns + j) * quantized.bits, bits: quantized.bits)
                    let group: Int = j / quantized.groupSize
                    let scale: Float = scales[i, group]
                    let value: Float = scale * Float(code) + biases[i, group]
                    let weight: Float = isTransposed ? expected[j, i] : expected[i, j]
                    // Scales of float32: each of the two products, the bias and the sum is rounded once.
                    let tolerance: Float = type == .float32 ? scale * 0x1p-14 : 0
                    if abs(value - weight) > tolerance { wrong += 1 }
                }
            }
            #expect(wrong == 0, "\(module)")
            let layer = try #require(checkpoint.packedLayers?[module])
            #expect(try layer.quantized(in: checkpoint) == quantized, "\(module)")
            #expect(try checkpoint.matrix(module + ".weight") == expected, "\(module)")
        }
        // What is not packed is as it was.
        let original = try Checkpoint(directory: directory.url)
        let output = LinearLayer.llama("o_proj").weightName
        #expect(try checkpoint.matrix(output) == original.matrix(output))
    }

    /// Rows of a packed table are those of the whole.
    @Test func rowsOfAPackedTable() throws {
        let directory = try makeModel(.bfloat16)
        defer { directory.remove() }
        let exported = try exportMLX(directory, .bfloat16)
        let checkpoint = try Checkpoint(directory: exported.url, allowingQuantized: true)
        let table = try #require(exported.quantized["model.embed_tokens"]).dequantized()
        let name = checkpoint.embeddingName
        let ids: [Int32] = [4, 0, 4, 2]
        let rows = try checkpoint.rows(of: name, ids: ids)
        #expect(rows == Matrix(rows: 64, columns: 4) { table[Int(ids[$1]), $0] })
        #expect(try checkpoint.rowPanel(of: name, rows: 1..<4) == Matrix(rows: 64, columns: 3) { table[1 + $1, $0] })
        #expect(errorText { _ = try checkpoint.rows(of: name, ids: [5]) }.hasSuffix("has 5 rows, row 5 was requested"))
        #expect(try #require(exported.quantized["model.embed_tokens"]).dequantizedRows([4, 0, 4, 2]) == rows)
    }

    @Test func filesOfMLX() throws {
        let directory = try makeModel(.bfloat16)
        defer { directory.remove() }
        // The model has such a file, too: the output's counts.
        try directory.write("text", "adadim_model.py")
        let exported = try exportMLX(directory, .bfloat16)
        let module = try String(contentsOf: exported.url.appendingPathComponent("adadim_model.py"), encoding: .utf8)
        #expect(module.contains("class PerInputLinear") && module.contains("--trust-remote-code"))
        let config = try JSONDocument(
            [UInt8](Data(contentsOf: exported.url.appendingPathComponent("config.json")))
        ).value
        #expect(
            config["adadim"]?.members?.keys.sorted() == [
                "model.layers.0.mlp.gate_proj", "model.layers.0.self_attn.q_proj",
            ])
        #expect(config["quantization"]?["model.embed_tokens"]?["bits"] == .integer(8))
        #expect(config["quantization"]?["bits"] == .integer(4) && config["quantization_config"] == nil)
        #expect(
            directory.error { _ in _ = try Checkpoint(directory: exported.url) }.hasSuffix(
                "config.json: the model is already quantized (quantization, quant_method not stated); expected an "
                    + "unquantized one"))
        // 3 bits and a scale and a bias of 16 bits; 4 bits and 48.
        #expect(try #require(exported.stored["up_proj"]).bitsPerWeight == 4.0)
        #expect(try #require(exported.stored["down_proj"]).bitsPerWeight == 5.5)
        let bytes = try Checkpoint(directory: exported.url, allowingQuantized: true)
        for (role, stored) in exported.stored {
            let module = role == "embed_tokens" ? "model.embed_tokens" : LinearLayer.llama(role).moduleName
            let tensors = try ["weight", "scales", "biases"].map { try bytes.location(of: "\(module).\($0)") }
            #expect(tensors.reduce(0) { $0 + $1.entry.byteRange.count } == stored.size.bytes, "\(role)")
        }
    }

    /// A key that the format may need must be free before the work begins.
    @Test func aKeyThatIsTakenIsRefusedAtOnce() throws {
        let directory = try makeModel(.bfloat16)
        defer { directory.remove() }
        try directory.write("{\"model_file\": \"other.py\", " + Self.config.dropFirst(), "config.json")
        let output = directory.parent.appendingPathComponent("out")
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
        #expect(
            errorText {
                _ = try CheckpointWriter(Checkpoint(directory: directory.url), format: .mlx, to: output)
            }.hasSuffix("config.json: holds model_file already, expected an unquantized model's"))
    }

    /// What a damaged file gets.
    @Test func damagedMLXFiles() throws {
        let module = "model.layers.0.self_attn.q_proj"
        func text(
            codes: TestTensor? = nil, scales: [Float] = [1, 0.5], biases: [Float] = [-3, -7.5], groups: Int = 1
        ) throws -> String {
            let directory = try ModelDirectory(
                config: """
                    {"model_type": "llama", "vocab_size": 10, "hidden_size": 32, "intermediate_size": 12,
                     "num_hidden_layers": 1, "num_attention_heads": 2,
                     "quantization": {"bits": 4, "group_size": 32, "\(module)": {"bits": 4, "group_size": 32}}}
                    """)
            defer { directory.remove() }
            try directory.write([
                codes ?? TestTensor("\(module).weight", .unsigned32, [2, 4], bytes: Array(repeating: 0x5f, count: 32)),
                TestTensor("\(module).scales", .bfloat16, [2, groups], scales),
                TestTensor("\(module).biases", .float32, [2, groups], biases),
            ])
            return directory.error(allowingQuantized: true) {
                let weight = try $0.matrix("\(module).weight", shape: (2, 32))
                let rows: [Float] = (0..<32).map { $0 % 2 == 0 ? 12 : 2 } + (0..<32).map { $0 % 2 == 0 ? 0 : -5 }
                #expect(weight.rowMajorElements == rows)
            }.replacingOccurrences(of: directory.url.path + "/model.safetensors: tensor \(module).", with: "")
        }
        #expect(try text() == "nothing was thrown")
        let expected = ", expected −zero·scale for a whole zero point from 0 to 15"
        #expect(try text(biases: [-3.5, -7.5]) == "biases: holds -3.5 beside the scale 1.0" + expected)
        #expect(try text(biases: [-3, -8]) == "biases: holds -8.0 beside the scale 0.5" + expected)
        #expect(try text(biases: [1, -7.5]) == "biases: holds 1.0 beside the scale 1.0" + expected)
        #expect(try text(scales: [1, 0]) == "biases: holds -7.5 beside the scale 0.0" + expected)
        #expect(try text(scales: [1, .nan]) == "scales holds nan at [1, 0], expected finite weights")
        #expect(
            try text(scales: [1, 1, 1, 1], biases: [0, 0, 0, 0], groups: 2)
                == "scales has shape [2, 2], expected [2, 1]")
        func codes(_ type: TensorElementType, _ shape: [Int]) -> TestTensor {
            TestTensor("\(module).weight", type, shape, bytes: Array(repeating: 0, count: shape.reduce(4, *)))
        }
        #expect(
            try text(codes: codes(.signed32, [2, 4]))
                == "weight holds I32, expected U32, since quantization in config.json lists the layer")
        #expect(try text(codes: codes(.unsigned32, [2, 8])) == "weight has shape [2, 64], expected [2, 32]")
        #expect(
            try text(codes: codes(.unsigned32, [2, 3]))
                == "weight: 3 words a row are no whole groups of 32 codes of 4 bits")
        #expect(
            try text(codes: codes(.unsigned32, [8]))
                == "weight has shape [8], expected two sizes, rows and words of a row")
    }
}
