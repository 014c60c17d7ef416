import AdaDimTestSupport
import AdaDimVerification
import Foundation
import Testing

/// Values by hand, and files that are damaged.
@Suite("Unpackers")
struct UnpackerTests {
    static let module = "model.layers.0.self_attn.q_proj"

    private func files(_ weights: String, _ tensors: [TestTensor]) throws -> ModelDirectory {
        let directory = try ModelDirectory(
            config: """
                {"quantization_config": {"quant_method": "compressed-tensors", "config_groups": {"group_0":
                 {"targets": ["other", "\(Self.module)"], "weights": {\(weights)}}}}}
                """)
        try directory.write(tensors)
        return directory
    }

    /// Two rows of eight codes of three bits: 0…7 and 7…0.
    private static var codes: TestTensor {
        let rows = [(0..<8).map { $0 }, (0..<8).map { 7 - $0 }]
        let words = rows.map { row in row.enumerated().reduce(0) { $0 | UInt32($1.element) << UInt32(3 * $1.offset) } }
        return TestTensor(
            "\(module).weight_packed", .signed32, [2, 1],
            bytes: words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { [UInt8]($0) } })
    }

    private static let shape = TestTensor(
        "\(module).weight_shape", .signed64, [2], bytes: [2, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0])

    private func values(_ directory: ModelDirectory) throws -> [Double] {
        defer { directory.remove() }
        let unpacker = try ModelFiles(directory: directory.url.path).unpacker()
        #expect(unpacker.format == "compressed-tensors" && unpacker.tensors == ["\(Self.module).weight"])
        let all = try unpacker.values(of: "\(Self.module).weight", rows: 0..<2)
        #expect(try unpacker.values(of: "\(Self.module).weight", rows: 1..<2) == Array(all[8...]))
        let found = try unpacker.description(of: "\(Self.module).weight")
        #expect(found == TensorDescription(shape: [2, 8], type: .bfloat16, isPacked: true))
        return all
    }

    @Test func valuesByHand() throws {
        let codes = (0..<8).map(Double.init)
        let block = #""num_bits": 3, "symmetric": false, "strategy": "block", "block_structure": "#
        let perInput = [
            TestTensor("\(Self.module).weight_scale", .bfloat16, [1, 8], [1, 2, 0.5, 1, 1, 1, 3, -1]),
            TestTensor(
                "\(Self.module).weight_zero_point", .signed8, [1, 8],
                bytes: [-4, -3, -2, -1, 0, 1, 2, 3].map { UInt8(bitPattern: Int8($0)) }), Self.codes, Self.shape,
        ]
        let scales = [1, 2, 0.5, 1, 1, 1, 3, -1]
        #expect(
            try values(files(block + "[2, 1]", perInput))
                == [Double](repeating: 0, count: 8) + scales.indices.map { Double(7 - 2 * $0) * scales[$0] })
        let grouped = TestTensor("\(Self.module).weight_scale", .bfloat16, [2, 2], [1, 2, 0.5, 4])
        let group = #""num_bits": 3, "strategy": "group", "group_size": 4, "symmetric": "#
        #expect(
            try values(files(group + "true", [grouped, Self.codes, Self.shape]))
                == codes.map { ($0 - 4) * ($0 < 4 ? 1 : 2) } + codes.reversed().map { ($0 - 4) * ($0 > 3 ? 0.5 : 4) })
        let zeros = TestTensor(
            "\(Self.module).weight_zero_point", .signed32, [1, 2], bytes: [5 | 2 << 3, 0, 0, 0, 7 << 3, 0, 0, 0])
        #expect(
            try values(files(group + "false", [grouped, zeros, Self.codes, Self.shape]))
                == codes.map { $0 < 4 ? $0 - 5 : $0 * 2 }
                + codes.reversed().map { $0 > 3 ? ($0 - 2) * 0.5 : ($0 - 7) * 4 })
        let channel = TestTensor("\(Self.module).weight_scale", .bfloat16, [2, 1], [1, 3])
        #expect(
            try values(
                files(#""num_bits": 3, "strategy": "channel", "symmetric": true"#, [channel, Self.codes, Self.shape]))
                == codes.map { $0 - 4 } + codes.reversed().map { ($0 - 4) * 3 })
    }

    @Test func damagedFiles() throws {
        func text(_ weights: String, _ tensors: [TestTensor]) throws -> String {
            let directory = try files(weights, tensors)
            defer { directory.remove() }
            return errorText { _ = try ModelFiles(directory: directory.url.path).unpacker() }
                .replacingOccurrences(of: directory.url.path + "/", with: "")
        }
        let group = #""num_bits": 3, "strategy": "group", "symmetric": true, "group_size": "#
        let scales = TestTensor("\(Self.module).weight_scale", .bfloat16, [2, 2], [1, 2, 0.5, 4])
        #expect(
            try text(group + "3", [scales, Self.codes, Self.shape])
                == "config.json: layer \(Self.module): [2, 8] in blocks of [1, 3]")
        #expect(
            try text(group + "8", [scales, Self.codes, Self.shape])
                == "model.safetensors: tensor \(Self.module).weight_scale is BF16 [2, 2], expected BF16 or F16 or F32 [2, 1]"
        )
        #expect(
            try text(group + "4", [scales, Self.codes]) == "model.safetensors: no tensor \(Self.module).weight_shape")
        #expect(
            try text(#""num_bits": 3, "strategy": "tensor""#, [scales, Self.codes, Self.shape])
                == "config.json: layer \(Self.module): strategy tensor")
        #expect(
            try text(#""num_bits": 9, "strategy": "channel""#, [scales, Self.codes, Self.shape])
                == "config.json: layer \(Self.module): num_bits")
    }

    /// Truncated, extended and changed in every byte of the header: an error or other values, never a trap.
    @Test func everyByteOfTheHeader() throws {
        let scales = TestTensor("\(Self.module).weight_scale", .bfloat16, [2, 2], [1, 2, 0.5, 4])
        let directory = try files(
            #""num_bits": 3, "strategy": "group", "symmetric": true, "group_size": 4"#,
            [scales, Self.codes, Self.shape])
        defer { directory.remove() }
        let whole = [UInt8](try Data(contentsOf: directory.url.appendingPathComponent("model.safetensors")))
        let copy = try TemporaryDirectory()
        defer { copy.remove() }
        let config = try Data(contentsOf: directory.url.appendingPathComponent("config.json"))
        _ = try copy.write([UInt8](config), as: "config.json")
        func read(_ bytes: [UInt8]) throws {
            // Some file systems wait for the disk where a file is replaced in place.
            unlink(copy.path("model.safetensors"))
            _ = try copy.write(bytes, as: "model.safetensors")
            guard let unpacker = try? ModelFiles(directory: copy.url.path).unpacker() else { return }
            for name in unpacker.tensors {
                guard let found = try? unpacker.description(of: name), found.type != nil else { continue }
                _ = try? unpacker.values(of: name, rows: 0..<found.rows)
            }
        }
        for count in 0..<whole.count {
            try read(Array(whole.prefix(count)))
        }
        for place in 0..<whole.count {
            for change in [UInt8(1), 0x10, 0x80, 0xff] {
                var changed = whole
                changed[place] ^= change
                try read(changed)
            }
        }
        try read(whole)
        #expect(try ModelFiles(directory: copy.url.path).unpacker().tensors == ["\(Self.module).weight"])
    }

    // MARK: MLX

    /// Four rows of eight codes of four bits, in groups of four: as they are, and as those of four input channels.
    @Test(arguments: [false, true]) func codesOfMLXByHand(_ isTransposed: Bool) throws {
        let module = Self.module
        let scheme = #"{"bits": 4, "group_size": 4}"#
        let (own, table) = isTransposed ? ("", #""\#(module)": \#(scheme)"#) : (#", "\#(module)": \#(scheme)"#, "")
        let directory = try ModelDirectory(
            config: #"{"quantization": {"bits": 4, "group_size": 64\#(own)}, "adadim": {\#(table)}}"#)
        defer { directory.remove() }
        let codes = (0..<32).map { UInt8($0 * 7 % 16) }
        let scales: [Float] = [1, 2, 0.5, 4, 1, 1, 3, -1]
        let biases: [Float] = [0, -8, 1, 2, -15, 0.25, 0, 5]
        try directory.write([
            TestTensor("\(module).biases", .float32, [4, 2], biases),
            TestTensor("\(module).scales", .float16, [4, 2], scales),
            TestTensor(
                "\(module).weight", .unsigned32, [4, 1],
                bytes: stride(from: 0, to: 32, by: 2).map { codes[$0] | codes[$0 + 1] << 4 }),
        ])
        let stored: [Double] = codes.indices.map { place in
            let (scale, bias) = (Double(scales[place / 4]), Double(biases[place / 4]))
            return scale * Double(codes[place]) + bias
        }
        let shape = isTransposed ? [8, 4] : [4, 8]
        let expected: [[Double]] = (0..<shape[0]).map { i in
            (0..<shape[1]).map { j in stored[isTransposed ? j * 8 + i : i * 8 + j] }
        }
        let unpacker = try ModelFiles(directory: directory.url.path).unpacker()
        let name = "\(module).weight"
        #expect(unpacker.format == "mlx" && unpacker.tensors == [name])
        #expect(try unpacker.description(of: name) == TensorDescription(shape: shape, type: .float32, isPacked: true))
        // Whole, and in panels.
        #expect(try unpacker.values(of: name, rows: 0..<shape[0]) == expected.flatMap { $0 })
        for start in 0..<shape[0] - 1 {
            #expect(try unpacker.values(of: name, rows: start..<start + 2) == expected[start] + expected[start + 1])
        }
    }

    // MARK: GGUF

    static func integer<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) }
    }
    static func text(_ text: String) -> [UInt8] { integer(UInt64(text.utf8.count)) + Array(text.utf8) }

    /// A model of one tensor, with its data behind a header of some keys.
    private func gguf(
        name: String = "token_embd.weight", sizes: [UInt64], type: UInt32, keys: [[UInt8]] = [], alignment: Int = 32,
        _ data: [UInt8]
    ) throws -> ModelDirectory {
        let directory = try ModelDirectory(config: #"{"quantization_config": {"quant_method": "gguf"}}"#)
        let all = [Self.text("general.architecture") + Self.integer(UInt32(8)) + Self.text("llama")] + keys
        var bytes = Array("GGUF".utf8) + Self.integer(UInt32(3)) + Self.integer(UInt64(1))
        bytes += Self.integer(UInt64(all.count)) + all.flatMap { $0 } + Self.text(name)
        bytes += Self.integer(UInt32(sizes.count)) + sizes.flatMap { Self.integer($0) }
        bytes += Self.integer(type) + Self.integer(UInt64(0))
        bytes += [UInt8](repeating: 0, count: (alignment - bytes.count % alignment) % alignment) + data
        try Data(bytes).write(to: directory.url.appending(path: "model.gguf"))
        return directory
    }

    /// A scale of 2, codes 0…15 in the low halves and 15…0 in the high ones.
    @Test func blocksOfGGUFByHand() throws {
        let codes = (0..<16).map { UInt8($0 | (15 - $0) << 4) }
        let directory = try gguf(sizes: [32, 1], type: 2, [0, 0x40] + codes)
        defer { directory.remove() }
        let unpacker = try ModelFiles(directory: directory.url.path).unpacker()
        let name = "model.embed_tokens.weight"
        #expect(unpacker.format == "gguf" && unpacker.tensors == [name])
        #expect(
            try unpacker.description(of: name) == TensorDescription(shape: [1, 32], type: .float32, isPacked: true))
        let low = (0..<16).map { Double(2 * ($0 - 8)) }
        #expect(try unpacker.values(of: name, rows: 0..<1) == low + (0..<16).map { Double(2 * (7 - $0)) })
    }

    @Test func malformedGGUFFiles() throws {
        func problem(
            sizes: [UInt64] = [32, 1], type: UInt32 = 2, keys: [[UInt8]] = [], _ data: [UInt8] = []
        ) throws -> String {
            let directory = try gguf(sizes: sizes, type: type, keys: keys, data)
            defer { directory.remove() }
            let path = directory.url.path + "/model.gguf: "
            return errorText { _ = try ModelFiles(directory: directory.url.path).unpacker() }
                .replacingOccurrences(of: path, with: "")
        }
        let whole = [UInt8](repeating: 0, count: 18)
        #expect(try problem(whole) == "nothing was thrown")
        #expect(try problem() == "tensor token_embd.weight ends behind the file's end")
        #expect(try problem(sizes: [33], whole) == "tensor token_embd.weight: [33] of type 2")
        #expect(try problem(sizes: [32, 0], whole) == "tensor token_embd.weight: [0, 32] of type 2")
        #expect(
            try problem(sizes: [32, 1, 1, 1, 1], whole)
                == "tensor token_embd.weight: 5 dimensions, expected 1 to 4")
        #expect(try problem(sizes: [1 << 63], type: 8, whole) == "a count of 9223372036854775808")
        #expect(
            try problem(sizes: [1 << 50, 1 << 50], type: 8, whole)
                == "tensor token_embd.weight: shape [1125899906842624, 1125899906842624]")
        let alignment = Self.text("general.alignment") + Self.integer(UInt32(10))
        #expect(
            try problem(keys: [alignment + Self.integer(UInt64(Int.max))], whole)
                == "general.alignment 9223372036854775807")
        #expect(try problem(keys: [alignment + Self.integer(UInt64(0))], whole) == "general.alignment 0")
    }

    /// Arrays are passed over, whatever they hold; what follows is read.
    @Test func arraysOfGGUF() throws {
        func array(_ type: UInt32, _ count: UInt64, _ bytes: [UInt8]) -> [UInt8] {
            Self.text("array") + Self.integer(UInt32(9)) + Self.integer(type) + Self.integer(count) + bytes
        }
        let alignment = Self.text("general.alignment") + Self.integer(UInt32(4)) + Self.integer(UInt32(64))
        let codes = [UInt8](repeating: 0x98, count: 16)
        func values(_ array: [UInt8]) throws -> [Double] {
            // The data begin at a multiple of 64 only where the second key was found.
            let directory = try gguf(sizes: [32], type: 2, keys: [array, alignment], alignment: 64, [0, 0x3c] + codes)
            defer { directory.remove() }
            return try ModelFiles(directory: directory.url.path).unpacker()
                .values(of: "model.embed_tokens.weight", rows: 0..<1)
        }
        let expected = [Double](repeating: 0, count: 16) + [Double](repeating: 1, count: 16)
        for (type, width) in [
            (0, 1), (1, 1), (2, 2), (3, 2), (4, 4), (5, 4), (6, 4), (7, 1), (10, 8), (11, 8), (12, 8),
        ] {
            #expect(try values(array(UInt32(type), 3, [UInt8](repeating: 1, count: 3 * width))) == expected)
        }
        let texts = ["", "ab", "Ġtoken"]
        #expect(try values(array(8, 3, texts.flatMap { Self.text($0) })) == expected)

        func problem(_ array: [UInt8]) -> String {
            errorText { _ = try values(array) }.components(separatedBy: "model.gguf: ").last ?? ""
        }
        // Sizes that the file states and does not have; one whose bytes no Int can count.
        #expect(problem(array(8, 1 << 40, Self.text("a"))) == "ends within its header")
        #expect(problem(array(8, 1 << 40, [])) == "ends within its header")
        #expect(problem(array(12, 1 << 40, [])) == "ends within its header")
        #expect(problem(array(12, 1 << 56, [])) == "ends within its header")
        #expect(problem(array(12, 1 << 57, [])) == "a count of 144115188075855872")
        #expect(problem(array(8, 1, Self.integer(UInt64(1) << 50))) == "ends within its header")
        #expect(problem(array(9, 1, [])) == "an array of arrays")
        #expect(problem(array(13, 1, [])) == "metadata of type 13")
    }

    @Test func unknownFormats() throws {
        let directory = try ModelDirectory(config: #"{"quantization_config": {"quant_method": "gptq"}}"#)
        defer { directory.remove() }
        #expect(
            errorText { _ = try ModelFiles(directory: directory.url.path).unpacker() }
                == "\(directory.url.path): no second reader knows its format")
    }
}
