import AdaDimCheckpoint
import AdaDimFormats
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

/// What a damaged or foreign packed checkpoint gets.
@Suite("Reading packed layers")
struct PackedReadingTests {
    static let module = "model.layers.0.self_attn.q_proj"

    private func makeModel(
        weights: String = """
        "num_bits": 3, "type": "int", "symmetric": false, "strategy": "block", "block_structure": [2, 1]
        """,
        method: String = "compressed-tensors", format: String = "pack-quantized", target: String = module,
        group: String = "", replacing replaced: TestTensor? = nil
    ) throws -> ModelDirectory {
        let config = """
            {"model_type": "llama", "vocab_size": 10, "hidden_size": 8, "intermediate_size": 12,
             "num_hidden_layers": 1, "num_attention_heads": 2,
             "quantization_config": {"quant_method": "\(method)", "format": "\(format)", "config_groups": {"group_0":
             {"targets": ["\(target)"], "weights": {\(weights)}\(group)}}}}
            """
        let directory = try ModelDirectory(config: config)
        // Codes 0…7 along the first row, 7…0 along the second; two columns more of zeros.
        let first = (0..<8).reduce(0) { $0 | UInt32($1) << UInt32(3 * $1) }
        let second = (0..<8).reduce(0) { $0 | UInt32(7 - $1) << UInt32(3 * $1) }
        let words = [first, second].flatMap { word in withUnsafeBytes(of: word.littleEndian) { [UInt8]($0) } }
        let zeros = [-4, -3, -2, -1, 0, 1, 2, 3].map { UInt8(bitPattern: Int8($0)) }
        let shape = [2, 8].flatMap { size in withUnsafeBytes(of: Int64(size).littleEndian) { [UInt8]($0) } }
        let tensors = [
            TestTensor("\(Self.module).weight_packed", .signed32, [2, 1], bytes: words),
            TestTensor("\(Self.module).weight_scale", .bfloat16, [1, 8], [1, 2, 0.5, 1, 1, 1, 3, -1]),
            TestTensor("\(Self.module).weight_zero_point", .signed8, [1, 8], bytes: zeros),
            TestTensor("\(Self.module).weight_shape", .signed64, [2], bytes: shape),
        ]
        try directory.write(tensors.map { $0.name == replaced?.name ? replaced ?? $0 : $0 })
        return directory
    }

    private func error(_ directory: ModelDirectory) -> String {
        defer { directory.remove() }
        let body: (Checkpoint) throws -> Void = { _ = try $0.matrix("\(Self.module).weight", shape: (2, 8)) }
        return directory.error(allowingQuantized: true, body)
            .replacingOccurrences(of: directory.url.path + "/", with: "")
    }

    @Test func valuesByHand() throws {
        let directory = try makeModel()
        defer { directory.remove() }
        let checkpoint = try Checkpoint(directory: directory.url, allowingQuantized: true)
        let matrix = try checkpoint.matrix("\(Self.module).weight", shape: (2, 8))
        // (code − zero)·scale with zero points 0…7.
        let scales: [Float] = [1, 2, 0.5, 1, 1, 1, 3, -1]
        let expected = scales.indices.map { Float(7 - 2 * $0) * scales[$0] }
        #expect(matrix.rowMajorElements == [Float](repeating: 0, count: 8) + expected)
        checkpoint.release(["\(Self.module).weight"])
        #expect(
            directory.error(allowingQuantized: true) { _ = try $0.matrix("\(Self.module).weight", shape: (8, 2)) }
                .hasSuffix("tensor \(Self.module).weight has shape [2, 8], expected [8, 2]"))
    }

    /// The check without reading sees what the headers and the stored shape say.
    @Test func checkedByTheHeaders() throws {
        func text(_ replaced: TestTensor?, shape: [Int] = [2, 8]) throws -> String {
            let directory = try makeModel(replacing: replaced)
            defer { directory.remove() }
            return directory.error(allowingQuantized: true) { try $0.check("\(Self.module).weight", shape: shape) }
                .replacingOccurrences(of: directory.url.path + "/", with: "")
        }
        let file = "model.safetensors: tensor \(Self.module)."
        let none = [UInt8](repeating: 0, count: 16)
        #expect(try text(nil) == "nothing was thrown")
        #expect(try text(nil, shape: [8, 2]) == file + "weight has shape [2, 8], expected [8, 2]")
        let scales = TestTensor("\(Self.module).weight_scale", .bfloat16, [2, 4], bytes: none)
        #expect(try text(scales) == file + "weight_scale has shape [2, 4], expected [1, 8]")
        let codes = TestTensor("\(Self.module).weight_packed", .unsigned32, [2, 1], bytes: Array(none[..<8]))
        #expect(try text(codes) == file + "weight_packed holds U32, expected I32")
        // Values are for the reading to judge.
        let infinite = none.dropLast(2) + [0x80, 0x7f]
        let bad = TestTensor("\(Self.module).weight_scale", .bfloat16, [1, 8], bytes: Array(infinite))
        #expect(try text(bad) == "nothing was thrown")
    }

    @Test func foreignSchemes() throws {
        let refused = "config.json: quantization_config cannot be read: quantization_config."
        #expect(
            try error(makeModel(method: "gptq")).hasPrefix(
                refused + "quant_method is gptq, expected compressed-tensors"))
        #expect(
            try error(makeModel(format: "float-quantized")).hasPrefix(refused + "format is float-quantized, expected"))
        let weights = #""num_bits": 4, "type": "int", "symmetric": false, "strategy": "token", "group_size": 128"#
        #expect(
            try error(makeModel(weights: weights)).hasPrefix(
                refused + "config_groups.group_0.weights.strategy is token, expected block, group or channel"))
        let float = #""num_bits": 8, "type": "float", "strategy": "block""#
        #expect(try error(makeModel(weights: float)).contains("weights.type is float, expected int"))
        #expect(
            try error(makeModel(target: "Linear")).hasPrefix(
                refused + "config_groups.group_0.targets has \"Linear\", expected each module's full name, once"))
        let key = "config.json: quantization_config.config_groups.group_0."
        #expect(
            try error(makeModel(group: #", "input_activations": {"num_bits": 8}"#))
                == key + "input_activations is an object, expected null: only weights are quantized")
        let block = #""type": "int", "symmetric": false, "strategy": "block", "#
        #expect(
            try error(makeModel(weights: block + #""num_bits": 9, "block_structure": [2, 1]"#))
                == key + "weights.num_bits is 9, expected an integer from 1 to 8")
        #expect(
            try error(makeModel(weights: block + #""num_bits": 3, "block_structure": [2, 2]"#))
                == key + "weights.block_structure is [2, 2], expected [group size, 1] or [1, group size]")
        let symmetric = #""type": "int", "symmetric": true, "strategy": "block", "num_bits": 3"#
        #expect(try error(makeModel(weights: symmetric)) == key + "weights.symmetric is true, expected false")
        let group = #""num_bits": 3, "type": "int", "symmetric": true, "strategy": "group", "#
        #expect(
            try error(makeModel(weights: group + #""group_size": null"#))
                == key + "weights.group_size is null, expected a positive integer")
        #expect(
            try error(makeModel(weights: group + #""group_size": 4, "actorder": "group""#))
                == key
                + "weights.actorder is \"group\", expected null, \"weight\" or \"static\": columns in their own order")
        let channel = #""num_bits": 3, "type": "int", "symmetric": true, "strategy": "channel", "group_size": 4"#
        #expect(
            try error(makeModel(weights: channel))
                == key + "weights.group_size is 4, expected none or -1 with strategy channel")
        #expect(
            try error(makeModel(weights: #""num_bits": 3, "type": "int", "strategy": "channel""#))
                == key + "weights.symmetric is missing, expected true or false")
    }

    /// Strategies group and channel by hand, and as others write them.
    @Test func groupsByHand() throws {
        func model(_ weights: String, _ tensors: TestTensor?...) throws -> ModelDirectory {
            let directory = try makeModel(weights: weights)
            // Codes 0…7 along the first row, 7…0 along the second.
            let first = (0..<8).reduce(0) { $0 | UInt32($1) << UInt32(3 * $1) }
            let second = (0..<8).reduce(0) { $0 | UInt32(7 - $1) << UInt32(3 * $1) }
            let words = [first, second].flatMap { word in withUnsafeBytes(of: word.littleEndian) { [UInt8]($0) } }
            let shape = [2, 8].flatMap { size in withUnsafeBytes(of: Int64(size).littleEndian) { [UInt8]($0) } }
            try FileManager.default.removeItem(at: directory.url.appendingPathComponent("model.safetensors"))
            try directory.write(
                [
                    TestTensor("\(Self.module).weight_packed", .signed32, [2, 1], bytes: words),
                    TestTensor("\(Self.module).weight_shape", .signed64, [2], bytes: shape),
                ] + tensors.compactMap { $0 })
            return directory
        }
        func values(_ directory: ModelDirectory) throws -> [Float] {
            defer { directory.remove() }
            return try Checkpoint(directory: directory.url, allowingQuantized: true)
                .matrix("\(Self.module).weight", shape: (2, 8)).rowMajorElements
        }
        let group = #""num_bits": 3, "type": "int", "strategy": "group", "group_size": 4, "symmetric": "#
        let channel =
            #""num_bits": 3, "type": "int", "strategy": "channel", "group_size": -1, "actorder": null, "symmetric": "#
        let scales = TestTensor("\(Self.module).weight_scale", .bfloat16, [2, 2], [1, 2, 0.5, 4])
        let codes: [Float] = [0, 1, 2, 3, 4, 5, 6, 7]
        #expect(
            try values(model(group + "true", scales))
                == codes.map { ($0 - 4) * ($0 < 4 ? 1 : 2) } + codes.reversed().map { ($0 - 4) * ($0 > 3 ? 0.5 : 4) })
        // Zero points 5 and 2 in the first group, 0 and 7 in the second, along the two outputs.
        let zeros = TestTensor(
            "\(Self.module).weight_zero_point", .signed32, [1, 2], bytes: [5 | 2 << 3, 0, 0, 0, 7 << 3, 0, 0, 0])
        #expect(
            try values(model(group + "false", scales, zeros))
                == codes.map { $0 < 4 ? $0 - 5 : $0 * 2 }
                + codes.reversed().map { $0 > 3 ? ($0 - 2) * 0.5 : ($0 - 7) * 4 })
        let one = TestTensor("\(Self.module).weight_scale", .float16, [2, 1], [1, 3])
        #expect(
            try values(model(channel + "true", one)) == codes.map { $0 - 4 } + codes.reversed().map { ($0 - 4) * 3 })

        let file = "model.safetensors: tensor \(Self.module)."
        #expect(
            try error(model(group + "true", scales, zeros))
                == file + "weight_zero_point: zero points, expected none: config.json says that the layer is symmetric")
        #expect(
            try error(model(group + "false", scales)).hasSuffix(
                "no tensor \(Self.module).weight_zero_point in the weights"))
        #expect(
            try error(model(group + "true", one)) == file + "weight_scale has shape [2, 1], expected [2, 2]")
        let three = group.replacingOccurrences(of: "4", with: "3") + "true"
        #expect(try error(model(three, scales)) == file + "weight_packed: groups of 3 do not divide [2, 8]")
        let bytes = TestTensor("\(Self.module).weight_zero_point", .signed8, [2, 2], bytes: [0, 0, 0, 0])
        #expect(try error(model(group + "false", scales, bytes)) == file + "weight_zero_point holds I8, expected I32")
    }

    @Test func damagedTensors() throws {
        func tensor(_ part: PackedTensor) -> String { part.name(in: Self.module) }
        func text(_ part: PackedTensor, _ type: TensorElementType, _ shape: [Int], _ bytes: [UInt8]) throws -> String {
            try error(makeModel(replacing: TestTensor(tensor(part), type, shape, bytes: bytes)))
        }
        let file = "model.safetensors: tensor \(Self.module)."
        let none = [UInt8](repeating: 0, count: 16)
        #expect(
            try text(.codes, .signed32, [2, 2], none) == file + "weight_packed has shape [2, 2], expected [2, 1]")
        #expect(
            try text(.codes, .unsigned32, [2, 1], Array(none[..<8])) == file + "weight_packed holds U32, expected I32")
        #expect(
            try text(.scales, .bfloat16, [2, 4], none) == file + "weight_scale has shape [2, 4], expected [1, 8]")
        let infinite = [UInt8](repeating: 0, count: 14) + [0x80, 0x7f]
        #expect(
            try text(.scales, .bfloat16, [1, 8], infinite)
                == file + "weight_scale holds inf at [0, 7], expected finite weights")
        let largest = [UInt8](repeating: 0, count: 14) + [0x7f, 0x7f]
        #expect(
            try text(.scales, .bfloat16, [1, 8], largest)
                == file + "weight_packed: a dequantized weight is beyond BF16")
        #expect(
            try text(.zeroPoints, .signed8, [1, 8], [4] + Array(none[..<7]))
                == file + "weight_zero_point: holds 4, expected -4 to 3 for 3 bits")
        #expect(
            try text(.shape, .signed64, [2], none) == file + "weight_shape: holds [0, 0], expected two positive sizes")
        let odd = [3, 8].flatMap { size in withUnsafeBytes(of: Int64(size).littleEndian) { [UInt8]($0) } }
        #expect(
            try text(.shape, .signed64, [2], odd) == file.dropLast(1) + ".weight has shape [3, 8], expected [2, 8]")
        let renamed = try makeModel(target: "model.layers.0.self_attn.k_proj")
        #expect(error(renamed).hasSuffix("no tensor \(Self.module).weight in the weights"))
    }
}
