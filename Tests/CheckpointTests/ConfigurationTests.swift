import AdaDimArchitectures
import AdaDimCheckpoint
import AdaDimTestSupport
import Foundation
import Testing

@Suite("config.json")
struct ConfigurationTests {
    static let sizes = """
        "vocab_size": 100, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3, "num_attention_heads": 4
        """

    static func parse(_ members: String, allowingQuantized: Bool = false) throws -> ModelConfiguration {
        try ModelConfiguration(
            json: Data("{\(members)}".utf8), file: "config.json", allowingQuantized: allowingQuantized)
    }

    private func model(_ type: String, _ members: String = "") throws -> ModelConfiguration {
        try Self.parse("\"model_type\": \"\(type)\", \(Self.sizes)" + (members.isEmpty ? "" : ", " + members))
    }

    /// The layers of a block that have a bias.
    private func biases(_ configuration: ModelConfiguration) -> [String] {
        configuration.architecture.kind(ofBlock: 0).layers.filter(configuration.hasBias).map(\.role)
    }

    /// The defaults of transformers' configuration classes.
    @Test func defaults() throws {
        let llama = try model("llama")
        #expect(
            llama.architecture == .llama && llama.modelType == "llama" && llama.elementType == nil
                && llama.maximumLength == 2048)
        #expect(llama.vocabularySize == 100 && llama.hiddenSize == 64 && llama.intermediateSize == 96)
        #expect(llama.blockCount == 3 && llama.slidingWindows == [nil, nil, nil])
        #expect(llama.attentionHeads == 4 && llama.keyValueHeads == 4 && llama.headDimension == 16)
        #expect(llama.rmsNormEpsilon == 1e-6 && llama.rotaryBase == 10_000 && llama.rotaryScaling == .none)
        #expect(biases(llama) == [] && !llama.tiesEmbeddings)
        let mistral = try model("mistral", #""num_key_value_heads": null"#)
        #expect(mistral.keyValueHeads == 4 && mistral.slidingWindows == [4096, 4096, 4096])
        #expect(mistral.maximumLength == 131_072 && biases(mistral) == [])
        let qwen2 = try model("qwen2", #""num_key_value_heads": 2"#)
        #expect(biases(qwen2) == ["q_proj", "k_proj", "v_proj"] && qwen2.slidingWindows == [nil, nil, nil])
        #expect(qwen2.maximumLength == 32768 && qwen2.headDimension == 16)
        let qwen3 = try model("qwen3", #""num_key_value_heads": 2"#)
        #expect(qwen3.headDimension == 128 && biases(qwen3) == [])
        let attention = ["q_proj", "k_proj", "v_proj", "o_proj"]
        #expect(biases(try model("qwen3", #""num_key_value_heads": 2, "attention_bias": true"#)) == attention)
        #expect(biases(try model("llama", #""attention_bias": true"#)) == attention)
        #expect(biases(try model("llama", #""mlp_bias": true"#)) == ["gate_proj", "up_proj", "down_proj"])
        // Mistral's blocks have no biases, whatever the file says.
        #expect(
            biases(try model("mistral", #""num_key_value_heads": 2, "attention_bias": true, "mlp_bias": true"#)) == [])
    }

    /// A model type joins a description: everything is read as its sibling's, under its own name.
    @Test func siblingsShareADescription() throws {
        var architectures = Architecture.all
        architectures[0].modelTypes.append("sibling")
        func parsed(_ type: String) throws -> ModelConfiguration {
            try ModelConfiguration(
                json: Data("{\"model_type\": \"\(type)\", \(Self.sizes), \"mlp_bias\": true}".utf8),
                file: "config.json",
                architectures: architectures)
        }
        var sibling = try parsed("sibling")
        let llama = try parsed("llama")
        #expect(sibling.modelType == "sibling" && sibling.layers == llama.layers)
        sibling.modelType = "llama"
        #expect(sibling == llama)
        #expect(
            errorText { _ = try parsed("other") }
                == "config.json: model_type is other, which is not supported; supported: llama, sibling, mistral, qwen2, "
                + "qwen3")
    }

    /// The layers of all blocks, with the shapes of their weights.
    @Test func layersAndTheirShapes() throws {
        let configuration = try model("llama", #""num_key_value_heads": 2"#)
        let layers = configuration.layers
        #expect(layers.count == 21 && Set(layers).count == 21)
        #expect(layers[8].moduleName == "model.layers.1.self_attn.k_proj" && layers[8].stage == 0)
        #expect(layers[20].moduleName == "model.layers.2.mlp.down_proj" && layers[20].stage == 3)
        let shapes = configuration.stages(ofBlock: 0).flatMap(\.layers).map(configuration.shape(of:))
        #expect(shapes.map(\.out) == [64, 32, 32, 64, 96, 96, 64])
        #expect(shapes.map(\.width) == [64, 64, 64, 64, 64, 64, 96])
    }

    @Test func missingKeyValueHeadsTakeTheClassDefault() throws {
        let members = #""model_type": "mistral", "vocab_size": 9, "hidden_size": 64, "intermediate_size": 9, "#
        let mistral = try Self.parse(members + #""num_hidden_layers": 1, "num_attention_heads": 16"#)
        #expect(mistral.keyValueHeads == 8)
        let error = #expect(throws: CheckpointError.self) { try model("qwen2") }
        #expect(
            error.map { "\($0)" } == "config.json: num_attention_heads 4 is not a multiple of num_key_value_heads 32")
    }

    @Test(arguments: [
        ("", 10_000, ModelConfiguration.RotaryScaling.none),
        (#""rope_theta": 5e5"#, 500_000, .none),
        (#""rope_theta": 5e5, "rope_scaling": null"#, 500_000, .none),
        (#""rope_theta": 7, "rope_scaling": {"type": "linear", "factor": 2.5}"#, 7, .linear(factor: 2.5)),
        (#""rope_scaling": {"rope_type": "default"}"#, 10_000, .none),
        (
            #""rope_theta": 7, "rope_scaling": {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1, "#
                + #""high_freq_factor": 4.0, "original_max_position_embeddings": 8192}"#,
            7, .llama3(factor: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalLength: 8192)
        ),
        (#""rope_parameters": {"rope_type": "default", "rope_theta": 1e6}"#, 1_000_000, .none),
        (#""rope_parameters": {"rope_type": "linear", "rope_theta": 3, "factor": 4}"#, 3, .linear(factor: 4)),
        // The base in the parameters comes before the one outside, rope_scaling before rope_parameters.
        (#""rope_theta": 5, "rope_parameters": {"rope_theta": 6}"#, 6, .none),
        (#""rope_theta": 5, "rope_parameters": {"rope_type": "default"}"#, 5, .none),
        (
            #""rope_scaling": {"type": "linear", "factor": 2}, "rope_parameters": {"rope_theta": 6}"#, 10_000,
            .linear(factor: 2)
        ),
        (
            #""max_position_embeddings": 512, "rope_parameters": {"rope_type": "llama3", "rope_theta": 2, "#
                + #""factor": 8, "low_freq_factor": 1, "high_freq_factor": 4}"#,
            2, .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalLength: 512)
        ),
    ])
    func rotary(_ members: String, _ base: Double, _ scaling: ModelConfiguration.RotaryScaling) throws {
        let configuration = try model("llama", members)
        #expect(configuration.rotaryBase == base && configuration.rotaryScaling == scaling)
    }

    @Test(arguments: [
        ("mistral", #""sliding_window": null"#, [nil, nil, nil] as [Int?]),
        ("mistral", #""sliding_window": 16"#, [16, 16, 16]),
        ("qwen2", #""use_sliding_window": false, "sliding_window": 16, "max_window_layers": 0"#, [nil, nil, nil]),
        ("qwen2", #""use_sliding_window": true, "sliding_window": 16, "max_window_layers": 2"#, [nil, nil, 16]),
        ("qwen3", #""use_sliding_window": true, "sliding_window": null, "max_window_layers": 0"#, [nil, nil, nil]),
        ("qwen3", #""use_sliding_window": true, "max_window_layers": 1"#, [nil, 4096, 4096]),
        (
            "qwen3",
            #""use_sliding_window": true, "sliding_window": 8, "#
                + #""layer_types": ["sliding_attention", "full_attention", "sliding_attention"]"#, [8, nil, 8]
        ),
    ])
    func slidingWindows(_ type: String, _ members: String, _ windows: [Int?]) throws {
        #expect(try model(type, #""num_key_value_heads": 2, "# + members).slidingWindows == windows)
    }

    @Test func elementTypes() throws {
        #expect(try model("llama", #""torch_dtype": "float16""#).elementType == .float16)
        #expect(try model("llama", #""dtype": "bfloat16""#).elementType == .bfloat16)
        #expect(try model("llama", #""dtype": "float32", "torch_dtype": "float16""#).elementType == .float32)
    }

    /// transformers makes a Mistral with `layer_types` a Ministral, whose blocks have windows where those say so.
    @Test(
        arguments: [
            (
                #""layer_types": ["sliding_attention", "full_attention", "sliding_attention"], "sliding_window": 8"#,
                [8, nil, 8]
            ),
            (#""layer_types": ["full_attention", "full_attention", "full_attention"]"#, [nil, nil, nil]),
            (#""layer_types": null, "sliding_window": 8"#, [8, 8, 8]),
        ] as [(String, [Int?])])
    func windowsOfMinistral(_ members: String, _ windows: [Int?]) throws {
        #expect(try model("mistral", #""num_key_value_heads": 2, "# + members).slidingWindows == windows)
    }

    @Test func theOriginalLengthOutsideComesFirst() throws {
        let parameters =
            #""rope_parameters": {"rope_type": "llama3", "rope_theta": 2, "factor": 8, "low_freq_factor": 1, "#
            + #""high_freq_factor": 4, "original_max_position_embeddings": 64}"#
        let configuration = try model("llama", parameters + #", "original_max_position_embeddings": 16"#)
        #expect(
            configuration.rotaryScaling
                == .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalLength: 16))
    }

    /// What transformers acts on and this project does not compute.
    @Test(arguments: [
        ("llama", #""is_causal": false"#, "is_causal is false, which is not supported; supported: true, no is_causal"),
        ("qwen3", #""is_causal": null"#, "is_causal is null, which is not supported; supported: true, no is_causal"),
        (
            "llama", #""sliding_window": 8"#,
            "sliding_window is 8, which is not supported; supported: null, no sliding_window"
        ),
        (
            "llama", #""layer_types": ["full_attention", "sliding_attention", "full_attention"]"#,
            "layer_types is sliding_attention, which is not supported; supported: full_attention"
        ),
        (
            "mistral",
            #""sliding_window": null, "layer_types": ["full_attention", "sliding_attention", "full_attention"]"#,
            "layer_types names sliding_attention, but sliding_window sets no window"
        ),
        (
            "qwen2", #""per_layer_config": {"0": {"rms_norm_eps": 0.1}}"#,
            "per_layer_config is an object, which is not supported; supported: null, no per_layer_config"
        ),
        ("llama", #""attention_chunk_size": 4"#, "attention_chunk_size is 4, which is not supported; supported: null"),
        (
            "llama", #""transformers_weights": "a.safetensors""#,
            #"transformers_weights is "a.safetensors", which is not"#
        ),
    ])
    func keysThatComputeSomethingElse(_ type: String, _ members: String, _ text: String) {
        let found = errorText { _ = try model(type, #""num_key_value_heads": 2, "# + members) }
        #expect(found.hasPrefix("config.json: " + text), "\(found)")
    }

    /// Keys that change nothing are passed over, unknown ones named together, once.
    @Test func keysWithoutEffect() throws {
        let harmless =
            #""is_causal": true, "per_layer_config": null, "sliding_window": null, "use_cache": false, "temperature": 0.5, "#
            + #""id2label": {"0": "a"}, "pad_token_id": 3, "_name_or_path": "x", "layer_types": null, "max_window_layers": false"#
        #expect(try model("llama", harmless).notices == [])
        let unknown = harmless + #", "rope_interleaved": true, "another": {"a": [1]}"#
        let text =
            "config.json: carried over without effect, as transformers' models of this type do not know them: "
            + "another, rope_interleaved"
        #expect(try model("llama", unknown).notices == [text])
    }

    /// Numbers as Python writes them, where nothing reads them and where something does.
    @Test func numbersThatAreNotFinite() throws {
        let members = #""a": NaN, "b": [Infinity, {"c": -Infinity}], "NaN": "Infinity", "d": 1e999, "e": "\ud800""#
        let plain = try model("llama", #""rms_norm_eps": 0.5"#)
        var read = try model("llama", #""rms_norm_eps": 0.5, "# + members)
        #expect(read.notices.count == 1 && read.notices[0].hasSuffix("do not know them: NaN, a, b, d, e"))
        read.notices = []
        #expect(read == plain)
        for word in ["NaN", "Infinity", "-Infinity"] {
            #expect(
                errorText { _ = try model("llama", "\"rms_norm_eps\": \(word)") }
                    == "config.json: rms_norm_eps is \(word), expected a positive number")
            #expect(
                errorText { _ = try model("llama", "\"head_dim\": \(word)") }
                    == "config.json: head_dim is \(word), expected an integer from 1 to 2147483647")
        }
        // That is all that is read beyond JSON.
        for text in [
            "-NaN", "NaN, /* comment */ \"b\": 1", "NaN, 'b': 1", "NaNs", "Infinity, b: 1", "nan", "+Infinity",
        ] {
            #expect(
                errorText { _ = try model("llama", "\"a\": \(text)") }.hasPrefix("config.json: not a JSON object"),
                "\(text)")
        }
    }

    /// As Python reads them: the last one counts. It is said where an earlier one was another.
    @Test func keysThatStandTwice() throws {
        let same = try model("llama", #""rope_theta": 5, "use_cache": true, "use_cache": true"#)
        #expect(same.rotaryBase == 5 && same.notices == [])
        let other = try model("llama", "\"rope_theta\": 5,\n \"rope_theta\": 6,\n \"head_dim\": 8, \"head_dim\": 16")
        #expect(other.rotaryBase == 6 && other.headDimension == 16)
        #expect(
            other.notices == [
                #"config.json: line 2 has "rope_theta" once more, with another value (and 1 more); "#
                    + "the last value of a key counts, as in Python"
            ])
        let inner = #""rope_scaling": {"type": "linear", "factor": 2, "factor": 4}"#
        #expect(try model("llama", inner).rotaryScaling == .linear(factor: 4))
    }

    @Test func theByteOrderMarkIsPassedOver() throws {
        let text = "\u{FEFF}{\"model_type\": \"llama\", \(Self.sizes)}"
        let read = try ModelConfiguration(json: Data(text.utf8), file: "config.json")
        #expect(try read == model("llama"))
    }

    /// Whole numbers with a point are what they are.
    @Test func wholeNumbersWithAPoint() throws {
        #expect(try model("llama", #""head_dim": 8.0, "max_position_embeddings": 1e3"#).headDimension == 8)
        #expect(try model("llama", #""max_position_embeddings": 1e3"#).maximumLength == 1000)
    }

    /// The place of what is wrong, and what was expected there.
    @Test(arguments: [
        ("{\n  \"a\": 1\n  \"b\": 2\n}", "line 3, column 3: found '\"', expected ',' or '}'"),
        ("{\n  \"a\": 1,\n}", "line 3, column 1: found '}', expected a key in quotation marks"),
        ("{\"a\": -NaN}", "line 1, column 8: found 'N', expected a digit"),
        ("[1]", "found [1], expected an object"), ("", "line 1, column 1: found the end of the text, expected a value"),
        (
            "{\"a\": " + String(repeating: "[", count: 100_000),
            "line 1, column 518: nested deeper than 512 levels, expected fewer"
        ),
    ])
    func whereItIsNotJSON(_ text: String, _ reason: String) {
        #expect(
            errorText { _ = try ModelConfiguration(json: Data(text.utf8), file: "config.json") }
                == "config.json: not a JSON object as expected: \(reason)")
    }

    @Test func whereItIsNotUTF8() {
        let data = Data("{\"a\":\n \"é".utf8 + [0xE9, 0x22, 0x7D])
        #expect(
            errorText { _ = try ModelConfiguration(json: data, file: "config.json") }
                == "config.json: not a JSON object as expected: line 2, column 4: found the byte 0xE9 (at offset 10), "
                + "expected UTF-8")
    }

    @Test func halfASurrogatePairWhereATextIsRead() {
        #expect(
            errorText { _ = try Self.parse(#""model_type": "\ud800""#) }
                == "config.json: model_type is a string with half of a surrogate pair, expected a string")
    }

    @Test(arguments: [
        (
            #""model_type": "gpt2""#,
            "model_type is gpt2, which is not supported; supported: llama, mistral, qwen2, qwen3"
        ),
        (#""hidden_size": 1"#, "model_type is missing, expected one of llama, mistral, qwen2, qwen3"),
        (#""model_type": 3"#, "model_type is 3, expected a string"),
        (#""model_type": "llama""#, "vocab_size is missing, expected a positive integer"),
        (
            #""model_type": "llama", "vocab_size": "100""#,
            "vocab_size is \"100\", expected an integer from 1 to 2147483647"
        ),
        (#""model_type": "llama", "vocab_size": 0"#, "vocab_size is 0, expected an integer from 1"),
        (#""model_type": "llama", "vocab_size": true"#, "vocab_size is true, expected an integer from 1"),
        (#""model_type": "llama", "vocab_size": 4294967296"#, "vocab_size is 4294967296, expected an integer from 1"),
        (#""model_type": "llama", "vocab_size": 1.5"#, "vocab_size is 1.5, expected an integer from 1"),
        (
            #""model_type": "llama", "quantization_config": {"quant_method": "gptq"}"#,
            "the model is already quantized (quant_method gptq); expected an unquantized one"
        ),
        (
            #""model_type": "llama", "hidden_act": "gelu""#,
            "hidden_act is gelu, which is not supported; supported: silu, swish"
        ),
    ])
    func refusedKeys(_ members: String, _ text: String) {
        let error = #expect(throws: CheckpointError.self) { try Self.parse(members) }
        #expect(error.map { "\($0)" }?.hasPrefix("config.json: " + text) == true, "\(error.map { "\($0)" } ?? "")")
    }

    @Test(arguments: [
        (#""num_key_value_heads": 3"#, "num_attention_heads 4 is not a multiple of num_key_value_heads 3"),
        (#""head_dim": 5"#, "head_dim 5 is odd"),
        (#""head_dim": 1073741824"#, "num_attention_heads 4 times head_dim 1073741824 exceeds 2147483647"),
        (#""rms_norm_eps": -1"#, "rms_norm_eps is -1, expected a positive number"),
        (#""rms_norm_eps": "1e-5""#, "rms_norm_eps is \"1e-5\", expected a positive number"),
        (#""tie_word_embeddings": 1"#, "tie_word_embeddings is 1, expected true or false"),
        (#""dtype": "float8_e4m3fn""#, "dtype is float8_e4m3fn, which is not supported"),
        (
            #""rope_scaling": {"type": "yarn", "factor": 4}"#,
            "rope_scaling.type is yarn, which is not supported; supported: default, linear, llama3"
        ),
        (#""rope_scaling": {"rope_type": "dynamic", "factor": 4}"#, "rope_scaling.rope_type is dynamic, which is not"),
        (#""rope_parameters": {"rope_type": "longrope"}"#, "rope_parameters.rope_type is longrope, which is not"),
        (#""rope_scaling": {"type": "linear"}"#, "rope_scaling.factor is missing, expected a positive number"),
        (#""rope_scaling": {"type": "linear", "factor": 0}"#, "rope_scaling.factor is 0, expected a positive number"),
        (#""rope_scaling": "linear""#, "rope_scaling is \"linear\", expected an object"),
        (
            #""rope_parameters": {"full_attention": {"rope_theta": 1}, "sliding_attention": {"rope_theta": 2}}"#,
            "rope_parameters is a set of parameters for each layer type (full_attention), which is not supported"
        ),
        (
            #""rope_parameters": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4}"#,
            "rope_parameters: low_freq_factor 4.0 is not below high_freq_factor 4.0"
        ),
        (#""partial_rotary_factor": 0.5"#, "partial_rotary_factor is 0.5, expected 1"),
        (
            #""rope_parameters": {"partial_rotary_factor": 0.5}"#,
            "rope_parameters.partial_rotary_factor is 0.5, expected 1"
        ),
    ])
    func refusedCombinations(_ members: String, _ text: String) {
        let error = #expect(throws: CheckpointError.self) { try model("llama", members) }
        #expect(error.map { "\($0)" }?.hasPrefix("config.json: " + text) == true, "\(error.map { "\($0)" } ?? "")")
    }

    @Test(arguments: [
        (#""layer_types": ["full_attention"]"#, "layer_types has 1 entries, expected 3, one a block"),
        (
            #""layer_types": ["full_attention", "chunked_attention", "full_attention"]"#,
            "layer_types is chunked_attention, which is not supported; supported: full_attention, sliding_attention"
        ),
        (
            #""layer_types": ["sliding_attention", "full_attention", "full_attention"]"#,
            "layer_types names sliding_attention, but use_sliding_window and sliding_window set no window"
        ),
    ])
    func refusedLayerTypes(_ members: String, _ text: String) {
        let error = #expect(throws: CheckpointError.self) {
            try model("qwen3", #""num_key_value_heads": 2, "# + members)
        }
        #expect(error.map { "\($0)" } == "config.json: " + text)
    }

    /// Refused before a list of blocks is made, which memory would not hold.
    @Test(arguments: ["llama", "mistral", "qwen2", "qwen3"]) func tooManyBlocks(_ type: String) throws {
        func parsed(_ blocks: Int) throws -> ModelConfiguration {
            try Self.parse(
                #""model_type": "\#(type)", "vocab_size": 9, "hidden_size": 64, "intermediate_size": 9, "#
                    + #""num_attention_heads": 4, "num_key_value_heads": 4, "num_hidden_layers": \#(blocks)"#)
        }
        for blocks in [10_001, 2_000_000_000] {
            #expect(
                errorText { _ = try parsed(blocks) }
                    == "config.json: num_hidden_layers is \(blocks), expected an integer from 1 to 10000")
        }
        #expect(try parsed(10_000).slidingWindows.count == 10_000)
    }

    @Test func headsThatDoNotDivide() {
        let members = #""model_type": "llama", "vocab_size": 9, "hidden_size": 62, "intermediate_size": 9, "#
        let error = #expect(throws: CheckpointError.self) {
            try Self.parse(members + #""num_hidden_layers": 1, "num_attention_heads": 4"#)
        }
        #expect(error.map { "\($0)" } == "config.json: hidden_size 62 is not a multiple of num_attention_heads 4")
    }

    @Test func notJSON() {
        let error = #expect(throws: CheckpointError.self) { try Self.parse("\"a\": ") }
        #expect(error.map { "\($0)" }?.hasPrefix("config.json: not a JSON object as expected: ") == true)
    }

    @Test func moduleNames() {
        let layer = LinearLayer.llama("down_proj", block: 12)
        #expect(layer.moduleName == "model.layers.12.mlp.down_proj")
        #expect(layer.weightName == "model.layers.12.mlp.down_proj.weight")
        #expect(LinearLayer.llama("q_proj").biasName == "model.layers.0.self_attn.q_proj.bias")
    }
}
