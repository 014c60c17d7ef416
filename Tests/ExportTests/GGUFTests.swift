import AdaDimCheckpoint
import AdaDimExport
import AdaDimFormats
import AdaDimGGUF
import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices
import AdaDimTestSupport
import Foundation
import Testing

/// Models of every architecture as GGUF files, read back.
@Suite("Models as GGUF files")
struct GGUFTests {
    struct Scheme: Sendable, CustomTestStringConvertible {
        let bits: Int
        let isSymmetric: Bool
        let type: String
        var testDescription: String { type }
    }

    static let schemes = [
        Scheme(bits: 4, isSymmetric: true, type: "Q4_0"), Scheme(bits: 4, isSymmetric: false, type: "Q4_1"),
        Scheme(bits: 8, isSymmetric: true, type: "Q8_0"),
    ]

    /// Codes, scales and zero points come back as they were, and the values to the bit; so does all else, in float32.
    @Test(arguments: GoldenModel.names, schemes) func comesBack(_ name: String, _ scheme: Scheme) throws {
        let model = try GGUFModel(name)
        defer { model.remove() }
        let (layers, stored) = try model.export(bits: scheme.bits, isSymmetric: scheme.isSymmetric)
        let (original, written) = (
            try model.checkpoint(), try Checkpoint(directory: model.output, allowingQuantized: true)
        )
        let file = try GGUFFile(path: model.output.appending(path: "model.gguf").path)
        let naming = try #require(GGUFNaming(original.configuration))
        for layer in original.configuration.layers {
            let quantized = try #require(layers[layer])
            let isPacked = stored.contains { $0.layer == layer && $0.denseBecause == nil }
            #expect(isPacked == quantized.columns.isMultiple(of: 32))
            let expected = quantized.dequantized()
            let found = try written.matrix(layer.weightName, shape: (quantized.rows, quantized.columns))
            #expect(found == (isPacked ? expected : original.loadedType.rounded(expected)), "\(layer.moduleName)")
            let tensor = try #require(naming[layer.weightName].flatMap { file[$0.name] })
            #expect(tensor.shape == [quantized.rows, quantized.columns])
            guard isPacked else { continue }
            #expect(tensor.type.name == scheme.type)
            let packed = try #require(written.packedLayers?[layer.moduleName])
            #expect(try packed.quantized(in: written) == quantized)
            #expect(
                stored.first { $0.layer == layer }?.size.bytes == tensor.byteRange.count, "\(layer.moduleName)")
        }
        #expect(written.packedLayers?.count == stored.count { $0.denseBecause == nil })
        let packed = Set(layers.keys.map(\.weightName))
        for stored in original.tensorNames where !packed.contains(original.naming.full(stored)) {
            let name = original.naming.full(stored)
            let shape = try original.location(of: name).entry.shape
            if shape.count == 2 {
                #expect(try written.matrix(name) == original.matrix(name), "\(name)")
            } else {
                #expect(try written.vector(name, count: shape[0]) == original.vector(name, count: shape[0]), "\(name)")
                #expect(try written.location(of: name).entry.elementType == .float32)
            }
        }
    }

    /// Zero points of both halves occur, so that codes are counted from either end.
    @Test func bothEndsOccur() throws {
        let model = try GGUFModel("llama")
        defer { model.remove() }
        let zeros = Set(
            try model.export(bits: 4, isSymmetric: false).layers.values.flatMap { $0.zeroPoints.columnMajorElements })
        #expect(zeros.contains { $0 > 7 } && zeros.contains { $0 <= 7 })
    }

    @Test func rowsOfQueriesAreInLlamaCppsOrder() throws {
        let model = try GGUFModel("llama")
        defer { model.remove() }
        let quantized = try #require(try model.export(bits: 8, isSymmetric: true).layers[.llama("q_proj")])
        let file = try GGUFFile(path: model.output.appending(path: "model.gguf").path)
        let tensor = try #require(file["blk.0.attn_q.weight"])
        let content = try file.withBytes(of: tensor) { bytes in
            try FlatBlocks.q80.unpacked(bytes, columns: 32)
        }
        // Heads of eight: rows 0, 4, 1, 5, 2, 6, 3, 7, then 8, 12, …
        let order = [0, 4, 1, 5, 2, 6, 3, 7]
        for (place, row) in (order + order.map { $0 + 8 }).enumerated() {
            #expect(Array(content.codes[place * 32..<(place + 1) * 32]) == (0..<32).map { quantized.codes[row, $0] })
        }
    }

    @Test func metadata() throws {
        let model = try GGUFModel("llama-llama3-rope")
        defer { model.remove() }
        try model.export(bits: 4, isSymmetric: true)
        let file = try GGUFFile(path: model.output.appending(path: "model.gguf").path)
        let expected: [(String, GGUFValue)] = [
            ("general.architecture", .string("llama")), ("general.type", .string("model")),
            ("general.name", .string("model")), ("llama.block_count", .unsigned32(3)),
            ("llama.context_length", .unsigned32(128)), ("llama.embedding_length", .unsigned32(32)),
            ("llama.feed_forward_length", .unsigned32(52)), ("llama.attention.head_count", .unsigned32(4)),
            ("llama.attention.head_count_kv", .unsigned32(2)), ("llama.attention.key_length", .unsigned32(8)),
            ("llama.attention.value_length", .unsigned32(8)),
            ("llama.attention.layer_norm_rms_epsilon", .float32(1e-5)), ("llama.rope.dimension_count", .unsigned32(8)),
            ("llama.vocab_size", .unsigned32(61)), ("tokenizer.ggml.model", .string("gpt2")),
            ("tokenizer.ggml.pre", .string("gpt-2")), ("tokenizer.ggml.merges", .array(.string(["a b", "ab Ġ"]))),
            ("tokenizer.ggml.bos_token_id", .unsigned32(57)), ("tokenizer.ggml.eos_token_id", .unsigned32(57)),
            ("tokenizer.ggml.add_bos_token", .boolean(false)), ("tokenizer.ggml.add_eos_token", .boolean(false)),
            ("tokenizer.chat_template", .string("{{ messages }}")), ("general.quantization_version", .unsigned32(2)),
            ("general.file_type", .unsigned32(2)),
        ]
        for (key, value) in expected { #expect(file.header[key] == value, "\(key)") }
        let tokens = try #require(file.header["tokenizer.ggml.tokens"]?.strings)
        #expect(tokens.count == 61 && tokens[0] == "A" && tokens[57] == "<|end|>" && tokens[60] == "[PAD60]")
        let types: GGUFValue = .array(.signed32([Int32](repeating: 1, count: 57 - 1) + [5, 3, 5, 5, 5]))
        #expect(file.header["tokenizer.ggml.token_type"] == types)
        // Factor 8 over a length of 48: turns of 7.6, 0.76, 0.076 and 0.0076 against bounds of 1 and 4.
        let factors = try #require(file["rope_freqs.weight"])
        #expect(factors.shape == [4])
        let values = file.withBytes(of: factors) { bytes in
            (0..<4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
        #expect(values[0] == 1 && values[3] == 8)
    }

    @Test func whatAFileCannotHoldIsRefused() throws {
        func refusal(
            _ name: String = "llama", tokenizer: String? = SmallTokenizer.json, settings: String = GGUFModel.settings,
            config: (String) -> String = { $0 }
        ) throws -> String {
            let model = try GGUFModel(name, tokenizer: tokenizer, settings: settings, config: config)
            defer { model.remove() }
            return model.refusal
        }
        func replacing(_ one: String, _ other: String) -> String {
            SmallTokenizer.json.replacingOccurrences(of: one, with: other)
        }
        #expect(try refusal() == "nothing was thrown")
        #expect(try refusal(tokenizer: nil) == "no tokenizer.json, from which its tokenizer would be taken")
        let words = #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}"#
        #expect(
            try refusal(tokenizer: replacing(words, #"{"type": "Whitespace"}"#))
                == "a pre-tokenizer that none of llama.cpp's known ones is (Whitespace), expected that of gpt-2, smollm, "
                + "llama-bpe, smaug-bpe, qwen2, qwen35, tekken, gpt-4o")
        #expect(
            try refusal(tokenizer: replacing(#""normalizer": null"#, #""normalizer": {"type": "Lowercase"}"#))
                == "a normalizer \"Lowercase\", which llama.cpp does not apply")
        #expect(
            try refusal(tokenizer: replacing(#""BPE""#, #""Unigram""#))
                == "a tokenizer of the kind \"Unigram\", expected BPE")
        #expect(
            try refusal(tokenizer: replacing(#""id": 57"#, #""id": 61"#))
                == "the token \"<|end|>\" with the id 61, expected one below 61, the vocab_size of config.json")
        let template =
            #"{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "a"}}, {"Sequence": {"id": "A"}}], "#
            + #""special_tokens": {"a": {"ids": [3]}}}"#
        #expect(
            try refusal(tokenizer: replacing(#""post_processor": null"#, #""post_processor": \#(template)"#))
                == "a post-processor with other tokens around a text than the first and the last one's")
        #expect(
            try refusal("qwen3") {
                $0.replacingOccurrences(
                    of: #""rope_type": "default""#,
                    with:
                        #""rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 48"#
                )
            }
                == "positions stretched as Llama 3's, which llama.cpp's qwen3 does not read")
        #expect(
            try refusal("qwen2") { $0 } == "nothing was thrown")
    }

    /// A window counts from its length on; up to there the file computes the same.
    @Test func contextsEndWhereWindowsBegin() throws {
        let model = try GGUFModel("mistral-window")
        defer { model.remove() }
        let checkpoint = try model.checkpoint()
        let writer = try CheckpointWriter(checkpoint, format: .gguf, to: try emptyDirectory(model.output))
        #expect(try writer.finish() == [])
        #expect(
            writer.notices == [
                "the context of the GGUF file is 7 tokens instead of 128: from there on a sliding window counts, which llama.cpp "
                    + "does not compute for this model"
            ])
        let file = try GGUFFile(path: model.output.appending(path: "model.gguf").path)
        #expect(file.header["llama.context_length"] == .unsigned32(7))
    }

    private func emptyDirectory(_ url: URL) throws -> URL {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        return url
    }

    /// SentencePiece's tokenizers have scores, which follow from the order of merges.
    @Test func sentencePiece() throws {
        let tokenizer = SmallTokenizer.json
            .replacingOccurrences(of: "Ġ", with: "\u{2581}")
            .replacingOccurrences(of: "\"é\"", with: "\"<0x0A>\"")
            .replacingOccurrences(
                of: #""type": "BPE","#, with: #""type": "BPE", "byte_fallback": true, "unk_token": "A","#
            )
            .replacingOccurrences(
                of: #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}"#,
                with: "null"
            )
            .replacingOccurrences(
                of: #""normalizer": null"#,
                with: #""normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, "#
                    + #"{"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}"#)
        let model = try GGUFModel("llama", tokenizer: tokenizer)
        defer { model.remove() }
        try model.export(bits: 4, isSymmetric: true)
        let header = try GGUFFile(path: model.output.appending(path: "model.gguf").path).header
        #expect(
            header["tokenizer.ggml.model"] == .string("llama") && header["tokenizer.ggml.pre"] == .string("default"))
        #expect(header["tokenizer.ggml.add_space_prefix"] == .boolean(true))
        guard case .array(.float32(let scores))? = header["tokenizer.ggml.scores"],
            case .array(.signed32(let types))? = header["tokenizer.ggml.token_type"]
        else {
            Issue.record("no scores or types")
            return
        }
        // A is the unknown token, <0x0A> a byte, and the merges make tokens 53 and 54.
        #expect(types[0] == 2 && types[55] == 6 && types[53] == 1)
        #expect(scores[53] == -1 && scores[54] == -2 && scores[1] == 0)
        #expect(header["tokenizer.ggml.merges"] == nil)
    }
}
