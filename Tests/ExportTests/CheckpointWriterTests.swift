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

@Suite("Writing a quantized model")
struct CheckpointWriterTests {
    /// A weight that the caller has dequantized, rounded already or not, gives the bytes that the codes alone give.
    @Test(arguments: StoredFloat.allCases) func handedWeightsAreWrittenAsTheCodesWouldBe(_ type: StoredFloat) throws {
        let directory = try makeModel(type)
        defer { directory.remove() }
        func files(_ exported: Exported) throws -> [Data] {
            try Checkpoint(directory: exported.url, allowingQuantized: true).files.map {
                try Data(contentsOf: URL(fileURLWithPath: $0.path))
            }
        }
        for format in ExportFormat.ofAnyGroups {
            let alone = try files(export(directory, format, type))
            let handed = try export(directory, format, type, named: "handed") { $0.dequantized() }
            let rounded = try export(directory, format, type, named: "rounded") { type.rounded($0.dequantized()) }
            #expect(try files(handed) == alone && files(rounded) == alone)
            for exported in [handed, rounded] { try FileManager.default.removeItem(at: exported.url) }
        }
    }

    @Test(arguments: StoredFloat.allCases) func bothFormatsCarryTheSameValues(_ type: StoredFloat) throws {
        let directory = try makeModel(type)
        defer { directory.remove() }
        let original = try Checkpoint(directory: directory.url)
        let dequantized = try export(directory, .dequantized, type)
        let packed = try export(directory, .compressedTensors, type)
        let plain = try Checkpoint(directory: dequantized.url)
        let unpacked = try Checkpoint(directory: packed.url, allowingQuantized: true)
        for layer in Self.layers {
            let (rows, columns) = Self.shape(layer.role)
            let weight = try plain.matrix(layer.weightName, shape: (rows, columns))
            #expect(try unpacked.matrix(layer.weightName, shape: (rows, columns)) == weight, "\(layer.role)")
            let expected = dequantized.quantized[layer.role]?.dequantized()
            let source = try expected ?? original.matrix(layer.weightName)
            #expect(weight == Matrix(rows: rows, columns: columns) { type.rounded(source[$0, $1]) }, "\(layer.role)")
        }
        for checkpoint in [plain, unpacked] {
            for name in ["odd", "model.embed_tokens.weight", "model.norm.weight"] + [Self.layers[3].weightName] {
                let (a, b) = (try original.location(of: name), try checkpoint.location(of: name))
                #expect(a.entry.shape == b.entry.shape && a.entry.elementType == b.entry.elementType)
                #expect(
                    a.file.withBytes(of: a.entry) { [UInt8]($0) } == b.file.withBytes(of: b.entry) { [UInt8]($0) })
                #expect(
                    URL(fileURLWithPath: a.file.path).lastPathComponent
                        == URL(fileURLWithPath: b.file.path).lastPathComponent)
            }
            #expect(checkpoint.files.allSatisfy { $0.metadata == ["format": "pt"] })
        }
        #expect(plain.tensorNames == original.tensorNames)
    }

    @Test func codesAreReadAsTheyWereWritten() throws {
        let directory = try makeModel(.bfloat16)
        defer { directory.remove() }
        let packed = try export(directory, .compressedTensors, .bfloat16)
        let checkpoint = try Checkpoint(directory: packed.url, allowingQuantized: true)
        let layers = try #require(checkpoint.packedLayers)
        for (role, quantized) in packed.quantized where packed.stored[role]?.denseBecause == nil {
            let layer = try #require(layers[LinearLayer.llama(role).moduleName])
            #expect(try layer.quantized(in: checkpoint) == quantized, "\(role)")
        }
    }

    @Test func filesIndexAndConfig() throws {
        let directory = try makeModel(.bfloat16)
        defer { directory.remove() }
        let dequantized = try export(directory, .dequantized, .bfloat16)
        let packed = try export(directory, .compressedTensors, .bfloat16)
        let expected = [
            "LICENSE", "chat_template.jinja", "config.json", "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors", "model.safetensors.index.json", "tokenizer.json",
        ]
        for exported in [dequantized, packed] {
            #expect(try FileManager.default.contentsOfDirectory(atPath: exported.url.path).sorted() == expected)
            struct Index: Decodable {
                struct Metadata: Decodable { let totalSize: Int }
                let metadata: Metadata
                let weightMap: [String: String]
            }
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            let index = try decoder.decode(
                Index.self,
                from: Data(contentsOf: exported.url.appendingPathComponent("model.safetensors.index.json")))
            let files = try expected.filter { $0.hasSuffix(".safetensors") }.map {
                try SafetensorsFile(path: exported.url.appendingPathComponent($0).path)
            }
            let tensors = files.flatMap(\.tensors)
            #expect(index.metadata.totalSize == tensors.reduce(0) { $0 + $1.byteRange.count })
            #expect(index.weightMap.keys.sorted() == tensors.map(\.name).sorted())
        }
        let text = try String(contentsOf: dequantized.url.appendingPathComponent("config.json"), encoding: .utf8)
        #expect(text == Self.config)

        let config = try JSONDocument(
            [UInt8](Data(contentsOf: packed.url.appendingPathComponent("config.json")))
        ).value
        #expect(config["unknown"] != nil && config["vocab_size"] == .integer(5))
        let quantization = try #require(config["quantization_config"])
        let module = "model.layers.0"
        #expect(
            quantization["ignore"]?.texts == ["lm_head", "\(module).self_attn.o_proj", "\(module).mlp.gate_proj"])
        #expect(quantization["config_groups"]?.members?.count == 5)
        let first = """
            {"targets": ["\(module).self_attn.q_proj"], "format": "pack-quantized",
             "input_activations": null, "output_activations": null,
             "weights": {"num_bits": 3, "type": "int", "symmetric": false, "strategy": "block",
               "block_structure": [32, 1], "dynamic": false}}
            """
        #expect(try quantization["config_groups"]?["group_0"] == JSONDocument(Array(first.utf8)).value)
    }

    /// The packed tensors themselves, and what the accounting says of them.
    @Test func packedTensorsAndTheirSizes() throws {
        let directory = try makeModel(.float16)
        defer { directory.remove() }
        let packed = try export(directory, .compressedTensors, .float16)
        let checkpoint = try Checkpoint(directory: packed.url, allowingQuantized: true)
        func bytes(_ tensor: PackedTensor, _ role: String) throws -> (TensorElementType, [Int], Int) {
            let name = tensor.name(in: LinearLayer.llama(role).moduleName)
            let entry = try checkpoint.location(of: name).entry
            return (entry.elementType, entry.shape, entry.byteRange.count)
        }
        let query = try PackedTensor.allCases.map { try bytes($0, "q_proj") }
        #expect(query.map(\.0) == [.signed32, .float16, .signed8, .signed64])
        #expect(query.map(\.1) == [[64, 6], [2, 64], [2, 64], [2]])
        for role in ["q_proj", "k_proj", "v_proj", "up_proj", "down_proj"] {
            let stored = try #require(packed.stored[role])
            #expect(stored.size.bytes == (try PackedTensor.allCases.reduce(0) { $0 + (try bytes($1, role)).2 }))
            #expect(stored.denseBecause == nil)
        }
        // 3 bits, 16-bit scale and 8-bit zero point for 32 weights, 16 bytes of shape for 4096.
        #expect(packed.stored["q_proj"]?.bitsPerWeight == 3 + 24.0 / 32 + 128.0 / 4096)
        let gate = try #require(packed.stored["gate_proj"])
        #expect(gate.denseBecause == "the group size 48 does not divide its 64 inputs")
        #expect(gate.bitsPerWeight == 16 && gate.size.weights == 96 * 64 && gate.size.bytes == 96 * 64 * 2)
    }

    @Test func misfits() throws {
        let directory = try makeModel(.float16)
        defer { directory.remove() }
        let checkpoint = try Checkpoint(directory: directory.url)
        let output = try OutputDirectory(
            directory.parent.appendingPathComponent("out"), model: directory.url, overwrite: false)
        let writer = try CheckpointWriter(checkpoint, format: .compressedTensors, to: output.partial)
        func text(_ body: () throws -> Void) -> String {
            #expect(throws: (any Error).self) { try body() }.map { "\($0)" } ?? ""
        }

        let query = try quantize(checkpoint, Self.layers[0], groupSize: 32, bits: 3, .perInputChannel, .float16)
        #expect(
            text { try writer.write(.llama("down_proj"), query) }
                == "layer model.layers.0.mlp.down_proj: the quantized weight has shape [64, 64], "
                + "the model's has [64, 96]"
        )
        try writer.write(Self.layers[0], query)
        #expect(
            text { try writer.write(Self.layers[0], query) }
                == "layer model.layers.0.self_attn.q_proj: passed to the export twice")
        func with(scale: Float, code: UInt8) -> QuantizedMatrix {
            QuantizedMatrix(
                codes: Matrix(repeating: code, rows: 64, columns: 64),
                scales: Matrix(repeating: scale, rows: 2, columns: 64),
                zeroPoints: Matrix(repeating: 0, rows: 2, columns: 64), bits: 3,
                layout: GroupLayout(rows: 64, columns: 64, groupSize: 32, dimension: .perInputChannel))
        }
        #expect(
            text { try writer.write(Self.layers[1], with(scale: 1.0001, code: 1)) }
                == "layer model.layers.0.self_attn.k_proj: the scale 1.0001 is not a finite F16; scales are rounded to "
                + "it before use")
        let plain = try OutputDirectory(
            directory.parent.appendingPathComponent("plain"), model: directory.url, overwrite: false)
        let dense = try CheckpointWriter(checkpoint, format: .dequantized, to: plain.partial)
        #expect(
            text { try dense.write(Self.layers[1], with(scale: 16384, code: 4)) }
                == "layer model.layers.0.self_attn.k_proj: a quantized weight is beyond the largest F16")
        #expect(throws: CheckpointError.self) { try dense.write(.llama("q_proj", block: 1), query) }
    }

    /// What a model's other files have wrong comes out before any layer is quantized.
    @Test func otherFilesAreReadFirst() throws {
        let directory = try makeModel(.bfloat16)
        defer { directory.remove() }
        let checkpoint = try Checkpoint(directory: directory.url)
        func newOutput(_ name: String) throws -> URL {
            let output = directory.parent.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: output, withIntermediateDirectories: false)
            return output
        }
        // Reading its first byte is an error on every system and for every user.
        let link = directory.url.appendingPathComponent("merges.txt")
        try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "/proc/self/mem")
        #expect(
            errorText { _ = try CheckpointWriter(checkpoint, format: .dequantized, to: newOutput("first")) }
                == "\(link.path): reading failed: Input/output error")
        try FileManager.default.removeItem(at: link)

        try directory.write("[]", "config.json")
        let config = directory.url.appendingPathComponent("config.json").path
        #expect(
            errorText { _ = try CheckpointWriter(checkpoint, format: .compressedTensors, to: newOutput("second")) }
                == "\(config): not a JSON object: found []")
        try directory.write(Self.config, "config.json")
        let output = try newOutput("out")
        let writer = try CheckpointWriter(checkpoint, format: .dequantized, to: output)
        // What changes in the model's directory from here on does not come in.
        for name in ["config.json", "tokenizer.json"] {
            try FileManager.default.removeItem(at: directory.url.appendingPathComponent(name))
        }
        try writer.finish()
        let read = { try String(contentsOf: output.appendingPathComponent($0), encoding: .utf8) }
        #expect(try read("config.json") == Self.config)
        #expect(try read("tokenizer.json") == "text of tokenizer.json")
    }

    /// Every tensor once, in the file that it counts in, and the index says where.
    @Test(arguments: ExportFormat.ofAnyGroups) func shardsThatDoNotAgreeWithTheirIndex(_ format: ExportFormat) throws {
        let directory = try makeModel(.bfloat16)
        defer { directory.remove() }
        let query = Self.layers[0].weightName
        // In a subfolder: a tensor that the index does not list, and two that another file holds, too. One of these files
        // then holds nothing that counts.
        try FileManager.default.createDirectory(
            at: directory.url.appendingPathComponent("sub"), withIntermediateDirectories: false)
        var random = SeededFloats(state: 7)
        try directory.write(
            [
                TestTensor("extra", .float32, [1], [1]), TestTensor("odd", .unsigned8, [1], bytes: [9]),
                TestTensor(query, .bfloat16, [64, 64], random.next(64 * 64)),
            ], "sub/more.safetensors")
        try directory.write([TestTensor("extra", .float32, [1], [2])], "a.safetensors")
        let original = try Checkpoint(directory: directory.url)
        var map: [String: String] = [:]
        for name in original.tensorNames { map[name] = original.name(of: try original.location(of: name).file) }
        map["odd"] = "sub/more.safetensors"
        map["ghost"] = "a.safetensors"
        try directory.writeIndex(map)
        let exported = try export(directory, format, .bfloat16)
        let written = try Checkpoint(directory: exported.url, allowingQuantized: true)
        // The key that the model's config.json has is another matter.
        #expect(written.notices.filter { !$0.contains("/config.json: ") } == [])
        #expect(try written.vector("extra", count: 1) == [1])
        let odd = try written.location(of: "odd")
        #expect(odd.file.withBytes(of: odd.entry) { [UInt8]($0) } == [9])
        let read = try Checkpoint(directory: directory.url)
        #expect(
            try written.matrix(query)
                == Matrix(rows: 64, columns: 64) {
                    StoredFloat.bfloat16.rounded(exported.quantized["q_proj"]?.dequantized()[$0, $1] ?? .nan)
                })
        #expect(try read.matrix(query)[0, 0] != original.matrix(query)[0, 0])
        let names = written.files.map(written.name)
        #expect(
            names == ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "sub/more.safetensors"])
        #expect(try OutputDirectory.files(in: exported.url).filter { $0.hasSuffix(".safetensors") } == names)
        #expect(written.files.flatMap(\.tensors).count == Set(written.tensorNames).count)
    }

    /// A null says the same as nothing, and gives its place to what the export says.
    @Test func nullQuantizationConfigIsReplaced() throws {
        let directory = try makeModel(.bfloat16)
        defer { directory.remove() }
        let start = "{\"quantization_config\": null, "
        try directory.write(start + Self.config.dropFirst(), "config.json")
        let packed = try export(directory, .compressedTensors, .bfloat16)
        let text = try String(contentsOf: packed.url.appendingPathComponent("config.json"), encoding: .utf8)
        #expect(text.hasPrefix("{\"quantization_config\": {\n") && text.hasSuffix(String(Self.config.dropFirst())))
        #expect(text.components(separatedBy: "quantization_config").count == 2)
        let checkpoint = try Checkpoint(directory: packed.url, allowingQuantized: true)
        #expect(checkpoint.packedLayers?.count == 5)
    }

    @Test func packedModelsAreNotQuantizedAgain() throws {
        let directory = try makeModel(.bfloat16)
        defer { directory.remove() }
        let packed = try export(directory, .compressedTensors, .bfloat16)
        let refused = #expect(throws: CheckpointError.self) { try Checkpoint(directory: packed.url) }
        #expect(refused.map { "\($0)" }?.contains("already quantized (quant_method compressed-tensors)") == true)
    }
}
