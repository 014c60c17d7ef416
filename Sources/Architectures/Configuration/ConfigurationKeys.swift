import AdaDimJSON

// The keys of config.json, by what becomes of them. transformers makes every key an attribute of the model's
// configuration, where any of its code may find it; so what is not in these lists is not known to be without effect.
// Tests/Differential/configuration_keys.py compares them with the installed transformers.

/// What is known of the keys of config.json in a model of one architecture.
package struct ConfigurationKeys {
    /// Those that ``ModelConfiguration`` reads.
    let read: Set<String>
    /// Those that change nothing of what a model computes, whatever their values.
    let harmless: Set<String>
    /// Those by which transformers computes something else, with the values that change nothing. The first one is what
    /// a missing key means.
    let fixed: [String: [JSONValue]]

    /// All that something is known of.
    package var known: Set<String> { read.union(harmless).union(fixed.keys) }

    package init(_ architecture: ModelConfiguration.Architecture) {
        switch architecture {
        case .llama:
            read = Self.read.union(["attention_bias", "mlp_bias", "layer_types"])
            harmless = Self.harmless.union(["use_sliding_window", "max_window_layers"])
            // Prompts do not feel them, but the key-value cache forgets what is further back.
            fixed = Self.fixed.merging(["sliding_window": [.null]]) { $1 }
        case .mistral:
            read = Self.read.union(["sliding_window", "layer_types"])
            harmless = Self.harmless.union(["attention_bias", "mlp_bias", "use_sliding_window", "max_window_layers"])
            fixed = Self.fixed
        case .qwen2:
            read = Self.read.union(["sliding_window", "use_sliding_window", "max_window_layers", "layer_types"])
            harmless = Self.harmless.union(["attention_bias", "mlp_bias"])
            fixed = Self.fixed
        case .qwen3:
            read = Self.read.union(
                ["attention_bias", "sliding_window", "use_sliding_window", "max_window_layers", "layer_types"])
            harmless = Self.harmless.union(["mlp_bias"])
            fixed = Self.fixed
        }
    }

    private static let read: Set<String> = [
        "model_type", "quantization_config", "dtype", "torch_dtype", "tie_word_embeddings",
        "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
        "num_key_value_heads", "head_dim", "hidden_act", "rms_norm_eps",
        "max_position_embeddings", "original_max_position_embeddings", "rope_theta", "rope_scaling", "rope_parameters",
        "partial_rotary_factor",
    ]

    private static let harmless: Set<String> = [
        // Where the file comes from, and what it is for.
        "_name_or_path", "name_or_path", "_commit_hash", "transformers_version", "architectures", "auto_map",
        "task_specific_params", "tokenizer_class",
        // Which code computes it, and what else that returns.
        "_attn_implementation", "attn_implementation", "experts_implementation", "use_cache", "return_dict",
        "output_attentions", "output_hidden_states", "tie_last_hidden_states", "chunk_size_feed_forward",
        "pretraining_tp", "base_model_tp_plan", "base_model_pp_plan", "distributed_config",
        // Training, and weights that are not stored.
        "attention_dropout", "hidden_dropout", "classifier_dropout", "gradient_checkpointing", "initializer_range",
        "initializer_factor", "init_std", "loss_type",
        // What stands on a head of another kind.
        "id2label", "label2id", "num_labels", "problem_type", "token_classification_bias",
        // Tokens.
        "bos_token_id", "eos_token_id", "pad_token_id", "sep_token_id", "decoder_start_token_id",
        // How text is generated.
        "assistant_confidence_threshold", "assistant_lookbehind", "bad_words_ids", "begin_suppress_tokens",
        "diversity_penalty", "do_sample", "early_stopping", "encoder_no_repeat_ngram_size",
        "encoder_repetition_penalty", "epsilon_cutoff", "eta_cutoff", "exponential_decay_length_penalty",
        "forced_bos_token_id", "forced_eos_token_id", "length_penalty", "max_length", "min_length",
        "no_repeat_ngram_size", "num_assistant_tokens", "num_assistant_tokens_schedule", "num_beam_groups", "num_beams",
        "num_return_sequences", "output_scores", "remove_invalid_values", "repetition_penalty",
        "return_dict_in_generate", "suppress_tokens", "target_lookbehind", "temperature", "top_k", "top_p", "typical_p",
    ]

    private static let fixed: [String: [JSONValue]] = [
        // Whether a token sees those after it.
        "is_causal": [.boolean(true)],
        // Every key, looked up by another name.
        "attribute_map": [.object([:])],
        // Other values for some blocks, or blocks that share keys and values.
        "per_layer_config": [.null], "kv_sharing_modes": [.null],
        // As sliding_window, by another name.
        "attention_chunk_size": [.null],
        // The configuration, or the weights, of other files or of a part of this one.
        "configuration_files": [.null], "transformers_weights": [.null], "text_config": [.null], "decoder": [.null],
        "generator": [.null],
        // Only generating text feels it.
        "is_encoder_decoder": [.boolean(false), .null],
    ]
}

extension ModelConfiguration {
    /// Refuses keys by which another function would be computed.
    /// - Returns: the keys that nothing is known of, sorted.
    static func unknownKeys(_ keys: JSONKeys, _ architecture: Architecture) throws(CheckpointError) -> [String] {
        let all = ConfigurationKeys(architecture)
        for (key, values) in all.fixed.sorted(by: { $0.key < $1.key }) {
            guard let value = keys.members[key], !values.contains(value) else { continue }
            throw .unsupported(
                file: keys.file, key: key, found: value.summary, supported: values.map(\.summary) + ["no \(key)"])
        }
        return Set(keys.members.keys).subtracting(all.known).sorted()
    }

    /// What is said of keys that nothing is known of; nil where there are none.
    static func notice(ofUnknown keys: [String], file: String) -> String? {
        guard !keys.isEmpty else { return nil }
        return "\(file): carried over without effect, as transformers' models of this type do not know them: "
            + keys.joined(separator: ", ")
    }
}
