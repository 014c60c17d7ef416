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

    func model(_ type: String, _ members: String = "") throws -> ModelConfiguration {
        try Self.parse("\"model_type\": \"\(type)\", \(Self.sizes)" + (members.isEmpty ? "" : ", " + members))
    }

    /// The layers of a block that have a bias.
    private func biases(_ configuration: ModelConfiguration) -> [String] {
        configuration.kind(ofBlock: 0).layers.filter(configuration.hasBias).map(\.role)
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

    @Test func moduleNames() {
        let layer = LinearLayer.llama("down_proj", block: 12)
        #expect(layer.moduleName == "model.layers.12.mlp.down_proj")
        #expect(layer.weightName == "model.layers.12.mlp.down_proj.weight")
        #expect(LinearLayer.llama("q_proj").biasName == "model.layers.0.self_attn.q_proj.bias")
    }
}
