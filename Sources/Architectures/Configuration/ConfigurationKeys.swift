// The keys of config.json, by how they are treated. transformers makes every key an attribute of the model's
// configuration, where any of its code may find it; so a key that is not in these lists may have an effect.
// Tests/Differential/configuration_keys.py compares them with the installed transformers.

/// What is known of the keys of config.json in a model of one architecture, beyond those that every model has and those
/// that its description names.
package struct ConfigurationKeys: Sendable, Hashable {
    /// The key of the object that holds the language model's configuration, as in `text_config`; nil where that is the
    /// whole file.
    package var nestedKey: String?
    /// The key with the name of the gates' activation.
    package var activationKey = "hidden_act"
    /// Keys that change nothing of what a model of this architecture computes, whatever their values.
    package var harmless: Set<String> = []
    /// Keys by which transformers computes something else, with the values that change nothing.
    package var fixed: [String: [FixedValue]] = [:]

    package init() {}

    /// A value of a key that changes nothing of what a model computes.
    package enum FixedValue: Sendable, Hashable {
        case null
        case boolean(Bool)
        case emptyObject
    }
}

extension ConfigurationKeys {
    /// Those that are read of every model.
    static let read: Set<String> = [
        "model_type", "quantization_config", "quantization", "dtype", "torch_dtype", "tie_word_embeddings",
        "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
        "num_key_value_heads", "head_dim", "rms_norm_eps",
        "max_position_embeddings", "original_max_position_embeddings", "rope_theta", "rope_scaling", "rope_parameters",
        "partial_rotary_factor", "layer_types",
    ]

    /// Those that change nothing of any model.
    static let harmless: Set<String> = [
        // Where the file comes from, and what it is for.
        "model_file", "adadim",
        "_name_or_path", "name_or_path", "_commit_hash", "transformers_version", "architectures", "auto_map",
        "task_specific_params", "tokenizer_class",
        // Which code computes it, and what else that returns.
        "_attn_implementation", "attn_implementation", "experts_implementation", "use_cache", "return_dict",
        "output_attentions", "output_hidden_states", "tie_last_hidden_states", "chunk_size_feed_forward",
        "pretraining_tp", "base_model_tp_plan", "base_model_pp_plan", "distributed_config",
        // Training, and weights that are not stored.
        "attention_dropout", "hidden_dropout", "classifier_dropout", "gradient_checkpointing", "initializer_range",
        "initializer_factor", "init_std", "loss_type",
        // Of heads of other kinds.
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

    /// Those by which any model computes something else, with the values that change nothing.
    static let fixed: [String: [FixedValue]] = [
        // Whether a token sees those after it.
        "is_causal": [.boolean(true)],
        // Every key, looked up by another name.
        "attribute_map": [.emptyObject],
        // Other values for some blocks, or blocks that share keys and values.
        "per_layer_config": [.null], "kv_sharing_modes": [.null],
        // As sliding_window, by another name.
        "attention_chunk_size": [.null],
        // The configuration, or the weights, of other files or of a part of this one.
        "configuration_files": [.null], "transformers_weights": [.null], "text_config": [.null], "decoder": [.null],
        "generator": [.null],
        // Only generating text is affected.
        "is_encoder_decoder": [.boolean(false), .null],
    ]
}
