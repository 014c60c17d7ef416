import AdaDimArchitectures
import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimTestSupport
import Foundation
import Testing

/// The decoder does what a model's description says, and refuses by name what it does not compute.
struct DescriptionTests {
    private static let tokens: [Int32] = (0..<20).map { ($0 * 17 + 3) % 61 }

    /// Other names of the same length, in the file's header and in the description: the same model. One block of the two
    /// has them, so that blocks are of two kinds.
    @Test(arguments: [BlockPattern.repeating([0, 1]), .leading(key: "first_k_dense_replace", default: 1)])
    func namesAndKindsAreTheDescriptions(_ pattern: BlockPattern) throws {
        var architecture = Architecture.llama
        var renamed = architecture.blockKinds[0]
        for stage in renamed.stages.indices {
            for layer in renamed.stages[stage].layers.indices {
                let name = renamed.stages[stage].layers[layer].name
                renamed.stages[stage].layers[layer].name = name.replacing("self_attn.", with: "attention.")
            }
        }
        architecture.blockKinds.append(renamed)
        architecture.pattern = pattern
        architecture.names.embedding = "token_table_"
        let golden = GoldenModel(name: "llama-biases")
        let expected = try golden.model().logits(of: [Self.tokens])
        try golden.withCopy(replacing: "embed_tokens", by: "token_table_", in: "model.safetensors") { url in
            let file = url.appendingPathComponent("model.safetensors")
            try Data(contentsOf: file).replacing("layers.1.self_attn.", by: "layers.1.attention.").write(to: file)
            let checkpoint = try Checkpoint(directory: url, architectures: [architecture])
            #expect(try DecoderModel(checkpoint).logits(of: [Self.tokens]) == expected)
            #expect(checkpoint.configuration.layers[10].moduleName == "model.layers.1.attention.o_proj")
            #expect(
                errorText { _ = try DecoderModel(Checkpoint(directory: url)) }
                    == "\(url.path): no tensor model.embed_tokens.weight in the weights")
        }
    }

    /// Of Qwen3's description without the norms of heads, another function: they are the description's alone.
    @Test func normsOfHeadsAreTheDescriptions() throws {
        var architecture = Architecture.qwen3
        architecture.blockKinds[0].stages[0].operation = .attention(AttentionKind())
        let golden = GoldenModel(name: "qwen3")
        let without = try DecoderModel(Checkpoint(directory: golden.directory, architectures: [architecture]))
        #expect(try without.logits(of: [Self.tokens]) != golden.model().logits(of: [Self.tokens]))
    }

    /// A kind of block without a window looks at all tokens, whatever config.json states.
    @Test func windowsAreTheDescriptions() throws {
        var architecture = Architecture.mistral
        architecture.blockKinds[0].stages[0].operation = .attention(AttentionKind(hasWindow: false))
        let golden = GoldenModel(name: "mistral-window")
        let wide = try DecoderModel(Checkpoint(directory: golden.directory, architectures: [architecture]))
        let (found, windowed) = (try wide.logits(of: [Self.tokens]), try golden.model().logits(of: [Self.tokens]))
        // The first tokens are within the window either way.
        #expect(found.columns(0..<1) == windowed.columns(0..<1) && found != windowed)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let part: String
        let change: @Sendable (inout Architecture) -> Void
        var testDescription: String { part }
    }

    private static let norm = NormModule("post_feedforward_layernorm")

    private static func attention(_ part: String, _ kind: AttentionKind) -> Refusal {
        Refusal(part: "\(part) (stage queryKeyValue)") { $0.blockKinds[0].stages[0].operation = .attention(kind) }
    }

    static let refusals: [Refusal] = [
        Refusal(part: "scaled embeddings") { $0.embeddingScale = .rootOfHiddenSize },
        Refusal(part: "a soft cap final_logit_softcapping on logits") {
            $0.logitSoftCapKey = "final_logit_softcapping"
        },
        Refusal(part: "a norm norm other than RMSNorm") { $0.finalNormKind = .layerNorm },
        Refusal(part: "a norm input_layernorm other than RMSNorm (stage queryKeyValue)") {
            $0.blockKinds[0].stages[0].input = .residual(NormModule("input_layernorm", .rootMeanSquareOfOnePlusWeight))
        },
        Refusal(
            part: "a norm input_layernorm over other features than the residual stream's (stage queryKeyValue)"
        ) { $0.blockKinds[0].stages[0].input = .residual(NormModule("input_layernorm", over: .headDimension)) },
        Refusal(part: "a norm post_feedforward_layernorm after a sublayer (stage down)") {
            $0.blockKinds[0].stages[3].output = .residual(norm)
        },
        Refusal(part: "a norm post_feedforward_layernorm inside a sublayer (stage down)") {
            $0.blockKinds[0].stages[3].input = .carried(norm)
        },
        Refusal(part: "a gate of gelu_pytorch_tanh (stage gateUp)") {
            $0.blockKinds[0].stages[2].operation = .gate(.geluTanh)
            $0.defaults.activation = "gelu_pytorch_tanh"
        },
        attention(
            "a norm self_attn.q_norm over all heads",
            AttentionKind(queryNorm: NormModule("self_attn.q_norm", over: .queries))),
        attention("another rotary embedding than of a head's halves", AttentionKind(rotary: .neighbors)),
        attention(
            "scores scaled by another number than 1/√head_dim",
            AttentionKind(scale: .stated(key: "query_pre_attn_scalar"))),
        attention("a soft cap attn_logit_softcapping on scores", AttentionKind(softCapKey: "attn_logit_softcapping")),
        Refusal(part: "a fused projection self_attn.qkv_proj (stage queryKeyValue)") {
            $0.blockKinds[0].stages[0].layers = [
                LinearModule("self_attn.qkv_proj", .hidden, to: .queries, .keys, .keys)
            ]
        },
        Refusal(part: "a layer mlp.up_proj stored as rows of mlp.gate_up_proj (stage gateUp)") {
            $0.blockKinds[0].stages[2].layers[1].storage = .rows(ofModule: "mlp.gate_up_proj", after: [.intermediate])
        },
        Refusal(part: "experts chosen by a router (stages gateUp, down)") {
            $0.blockKinds[0].stages[2].layers[0].outputs = [.expertIntermediate]
            $0.blockKinds[0].stages[2].layers[1].outputs = [.expertIntermediate]
            $0.blockKinds[0].stages[3].layers[0].input = .expertIntermediate
            $0.blockKinds[0].experts = Experts(
                stages: ["gateUp", "down"], router: LinearModule("mlp.gate", .hidden, to: .experts),
                countKey: "num_experts", perTokenKey: "num_experts_per_tok", intermediateKey: "moe_intermediate_size")
        },
        Refusal(part: "a layer mlp.down_proj of experts") {
            $0.blockKinds[0].stages[3].layers[0].input = .expertIntermediate
        },
        Refusal(part: "a norm input_layernorm of experts") {
            $0.blockKinds[0].stages[0].input = .residual(NormModule("input_layernorm", over: .sharedIntermediate))
        },
        Refusal(part: "gates with activations that have no name in common") {
            var other = $0.blockKinds[0]
            other.stages[2].operation = .gate(.geluTanh)
            $0.blockKinds.append(other)
        },
        Refusal(part: "a configuration inside text_config") { $0.configuration.nestedKey = "text_config" },
        Refusal(part: "a stage down that does not take what the stage before it gives") {
            $0.blockKinds[0].stages[3].input = .residual(norm)
        },
        Refusal(part: "blocks whose last stage adds nothing") { $0.blockKinds[0].stages.removeLast() },
    ]

    @Test(arguments: refusals)
    func whatIsNotComputedIsRefusedByName(_ refusal: Refusal) throws {
        var architecture = Architecture.llama
        refusal.change(&architecture)
        let golden = GoldenModel(name: "llama-linear-rope")
        try golden.withCopy(
            replacing: "\"hidden_act\": \"silu\"", by: "\"hidden_act\": null"
        ) { url in
            let message = errorText { _ = try DecoderModel(Checkpoint(directory: url, architectures: [architecture])) }
            #expect(
                message
                    == "\(url.path)/config.json: model_type llama has \(refusal.part), which this version does not compute"
            )
        }
    }
}

extension Data {
    /// Every occurrence of a text replaced by one as long.
    fileprivate func replacing(_ found: String, by replacement: String) -> Data {
        precondition(found.utf8.count == replacement.utf8.count, "\(found) is not as long as \(replacement)")
        var result = self
        while let range = result.range(of: Data(found.utf8)) {
            result.replaceSubrange(range, with: Data(replacement.utf8))
        }
        return result
    }
}
