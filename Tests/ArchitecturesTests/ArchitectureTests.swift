import AdaDimArchitectures
import Testing

/// What holds for every description, and how descriptions say what no present one does.
struct ArchitectureTests {
    @Test func modelTypesAreDescribedOnce() {
        let types = Architecture.all.flatMap(\.modelTypes)
        #expect(types.count == Set(types).count)
        #expect(!Architecture.all.contains { $0.modelTypes.isEmpty })
    }

    /// Names of modules and of stages are those of one thing each.
    @Test(arguments: Architecture.all)
    func namesAreUnique(_ architecture: Architecture) {
        for kind in architecture.blockKinds {
            let modules = kind.layers.map(\.name) + kind.norms.map(\.name)
            #expect(modules.count == Set(modules).count)
            let stages = kind.stages.map(\.name)
            #expect(stages.count == Set(stages).count)
            let ofExperts = Set(kind.experts?.stages ?? [])
            #expect(ofExperts.isSubset(of: stages))
        }
    }

    /// Each stage takes what the stage before gives, and the last one gives to the residual stream.
    @Test(arguments: Architecture.all)
    func stagesFollowOnEachOther(_ architecture: Architecture) {
        for kind in architecture.blockKinds {
            var carries = false
            for stage in kind.stages {
                let isFed = if case .carried = stage.input { true } else { false }
                #expect(isFed == carries, "\(stage.name)")
                carries = !stage.isAdded
            }
            #expect(!carries)
        }
    }

    /// Layers that share an input have inputs of one width.
    @Test(arguments: Architecture.all)
    func layersOfAStageHaveInputsOfOneWidth(_ architecture: Architecture) {
        for stage in architecture.blockKinds.flatMap(\.stages) {
            #expect(Set(stage.layers.map(\.input)).count == 1, "\(stage.name)")
        }
    }

    /// A key has one meaning.
    @Test(arguments: Architecture.all)
    func keysAreOfOneSort(_ architecture: Architecture) {
        #expect(architecture.readKeys.isDisjoint(with: architecture.harmlessKeys))
        #expect(architecture.readKeys.isDisjoint(with: architecture.fixedKeys.keys))
        #expect(architecture.harmlessKeys.isDisjoint(with: architecture.fixedKeys.keys))
    }

    @Test func theLayersOfLlama() {
        let kind = Architecture.llama.blockKinds[0]
        #expect(
            kind.layers.map(\.name) == [
                "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj",
                "mlp.up_proj", "mlp.down_proj",
            ])
        #expect(
            kind.layers.map(\.role)
                == ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"])
        #expect(kind.stages.map(\.name) == ["queryKeyValue", "attentionOutput", "gateUp", "down"])
        #expect(kind.stages.map(\.isAdded) == [false, true, false, true])
        #expect(kind.stages.map(\.isAttention) == [true, false, false, false])
        #expect(kind.norms.map(\.name) == ["input_layernorm", "post_attention_layernorm"])
        #expect(
            ModelNames().module(kind.layers[0].name, ofBlock: 3) == "model.layers.3.self_attn.q_proj")
    }

    @Test func keysThatADescriptionNamesAreRead() {
        #expect(Architecture.llama.readKeys.isSuperset(of: ["attention_bias", "mlp_bias", "layer_types"]))
        #expect(Architecture.qwen2.readKeys.isSuperset(of: ["use_sliding_window", "max_window_layers"]))
        #expect(Architecture.mistral.harmlessKeys.isSuperset(of: ["use_sliding_window", "attention_bias"]))
        #expect(Architecture.llama.fixedKeys["sliding_window"] == [.null])
        #expect(Architecture.mistral.fixedKeys["sliding_window"] == nil)
        var nested = Architecture.llama
        nested.configuration.nestedKey = "text_config"
        #expect(nested.readKeys.contains("text_config") && nested.fixedKeys["text_config"] == nil)
        #expect(Architecture.llama.fixedKeys["text_config"] == [.null])
    }

    /// Blocks as Gemma 2's and Phi-3's are: norms after sublayers too, and one tensor for several layers.
    @Test func whatDescriptionsCanSay() {
        let sandwich = BlockStage(
            "attentionOutput", input: .carried(nil), layers: [LinearModule("self_attn.o_proj", .queries, to: .hidden)],
            output: .residual(NormModule("post_attention_layernorm", .rootMeanSquareOfOnePlusWeight)))
        #expect(sandwich.isAdded && sandwich.norms.map(\.name) == ["post_attention_layernorm"])
        let fused = BlockStage(
            "queryKeyValue", input: .residual(NormModule("input_layernorm")),
            layers: [LinearModule("self_attn.qkv_proj", .hidden, to: .queries, .keys, .keys)],
            operation: .attention(
                AttentionKind(
                    rotary: .partialHalves(key: "partial_rotary_factor"), softCapKey: "attn_logit_softcapping")),
            output: .carried)
        #expect(fused.layers[0].outputs == [.queries, .keys, .keys] && fused.layers[0].role == "qkv_proj")
        let split = LinearModule(
            "self_attn.k_proj", .hidden, to: .keys, storage: .rows(ofModule: "self_attn.qkv_proj", after: [.queries]))
        #expect(split.storage != .own)
        var architecture = Architecture(modelTypes: ["made-up"], blockKinds: [BlockKind([fused, sandwich])])
        architecture.embeddingScale = .stated(key: "embedding_multiplier")
        architecture.logitSoftCapKey = "final_logit_softcapping"
        #expect(
            architecture.readKeys.isSuperset(of: [
                "attn_logit_softcapping", "partial_rotary_factor", "embedding_multiplier", "final_logit_softcapping",
            ]))
        architecture.pattern = .leading(key: "first_k_dense_replace", default: 1)
        #expect(architecture.readKeys.contains("first_k_dense_replace"))
        architecture.pattern = .listed(key: "kinds_of_blocks", words: ["one"])
        #expect(architecture.readKeys.contains("kinds_of_blocks"))
    }

    /// A block of Mixtral: its feed-forward network is two stages, which each of its experts has.
    @Test func aBlockWithExperts() {
        var block = Architecture.llama.blockKinds[0]
        let feedForward = [
            BlockStage(
                "gateUp", input: .residual(NormModule("post_attention_layernorm")),
                layers: [
                    LinearModule("block_sparse_moe.experts.*.w1", .hidden, to: .expertIntermediate),
                    LinearModule("block_sparse_moe.experts.*.w3", .hidden, to: .expertIntermediate),
                ],
                operation: .gate(.silu), output: .carried),
            BlockStage(
                "down", input: .carried(nil),
                layers: [LinearModule("block_sparse_moe.experts.*.w2", .expertIntermediate, to: .hidden)],
                output: .residual(nil)),
        ]
        block.stages.replaceSubrange(2..<4, with: feedForward)
        block.experts = Experts(
            stages: feedForward.map(\.name), router: LinearModule("block_sparse_moe.gate", .hidden, to: .experts),
            countKey: "num_local_experts", perTokenKey: "num_experts_per_tok", intermediateKey: "intermediate_size")
        #expect(block.stages.map(\.name) == ["queryKeyValue", "attentionOutput", "gateUp", "down"])
        #expect(block.stages.map(\.isAdded) == [false, true, false, true])
        #expect(block.layers.map(\.role) == ["q_proj", "k_proj", "v_proj", "o_proj", "w1", "w3", "w2"])
        #expect(
            block.layers.map { $0.input.isOfExperts || $0.outputs.contains(where: \.isOfExperts) }
                == [false, false, false, false, true, true, true])
        #expect(block.experts?.layers.map(\.role) == ["gate"])

        // Qwen2-MoE has an expert of all tokens beside them, of a width of its own.
        let shared = BlockStage(
            "sharedDown", input: .carried(nil),
            layers: [
                LinearModule(
                    "mlp.shared_expert.down_proj", .sharedIntermediate, to: .hidden, bias: .stated(key: "shared_bias"))
            ],
            output: .residual(nil))
        block.experts?.shared = SharedExpert([shared], intermediateKey: "shared_expert_intermediate_size")
        #expect(block.experts?.layers.map(\.role) == ["gate", "down_proj"])
        let architecture = Architecture(modelTypes: ["made-up"], blockKinds: [block])
        #expect(
            architecture.readKeys.isSuperset(of: [
                "num_local_experts", "num_experts_per_tok", "intermediate_size", "shared_expert_intermediate_size",
                "shared_bias",
            ]))
    }
}
