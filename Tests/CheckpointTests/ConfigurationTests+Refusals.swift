import AdaDimCheckpoint
import AdaDimTestSupport
import Testing

/// Models that are refused, by the error's text.
extension ConfigurationTests {
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
}
