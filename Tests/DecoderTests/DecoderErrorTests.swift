import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimLinearAlgebra
import AdaDimTestSupport
import Foundation
import Testing

/// Bad models and bad tokens: what is thrown says what and where.
struct DecoderErrorTests {
    /// The text of the error that `body` throws.
    private func text(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing was thrown"
        } catch {
            return "\(error)"
        }
    }

    /// Known when the model is opened, whatever block it is in.
    @Test(arguments: [
        ("qwen2", "model.layers.1.mlp.up_proj.weight"), ("qwen2", "model.layers.1.self_attn.k_proj.bias"),
        ("llama-biases", "model.layers.1.self_attn.o_proj.bias"), ("llama-biases", "model.layers.1.mlp.down_proj.bias"),
        ("qwen2", "model.layers.1.post_attention_layernorm.weight"),
        ("qwen3", "model.layers.1.self_attn.q_norm.weight"), ("qwen3", "model.layers.1.self_attn.k_norm.weight"),
    ])
    func missingTensorOfABlock(model: String, tensor: String) throws {
        let renamed = tensor.replacingOccurrences(of: "layers.1", with: "layers.x")
        try GoldenModel(name: model).withCopy(replacing: tensor, by: renamed, in: "model.safetensors") { url in
            let message = text { _ = try DecoderModel(Checkpoint(directory: url)) }
            #expect(message == "\(url.path): no tensor \(tensor) in the weights")
        }
    }

    /// A tensor of integers, of the same size, in the last block.
    @Test func integersWhereFloatsAreExpected() throws {
        let tensor = "model.layers.1.self_attn.v_proj.weight"
        let golden = GoldenModel(name: "qwen2")
        let entry = try Checkpoint(directory: golden.directory).location(of: tensor).entry
        let (float, integer) = entry.elementType.bitWidth == 32 ? ("F32", "I32") : (entry.elementType.rawValue, "I16")
        let header = "\"\(tensor)\":{\"dtype\":\"\(float)\""
        let padded =
            "\"\(tensor)\":{\"dtype\":\"\(integer)\""
            + String(repeating: " ", count: float.count - integer.count)
        try golden.withCopy(replacing: header, by: padded, in: "model.safetensors") { url in
            let message = text { _ = try DecoderModel(Checkpoint(directory: url)) }
            #expect(
                message == "\(url.path)/model.safetensors: tensor \(tensor) holds \(integer), expected BF16, F16, F32")
        }
    }

    @Test(arguments: ["model.norm.weight", "lm_head.weight", "model.embed_tokens.weight"])
    func missingTensorOfTheModel(name: String) throws {
        let golden = GoldenModel(name: "qwen2")
        let renamed = String(name.dropLast()) + "x"
        try golden.withCopy(replacing: name, by: renamed, in: "model.safetensors") { url in
            let message = text { _ = try DecoderModel(Checkpoint(directory: url)) }
            #expect(message.contains(name) && message.contains(url.path))
        }
    }

    @Test(arguments: [
        ("\"vocab_size\": 61", "\"vocab_size\": 60", "model.embed_tokens.weight", "[61, 32]", "[60, 32]"),
        ("\"hidden_size\": 32", "\"hidden_size\": 64", "model.embed_tokens.weight", "[61, 32]", "[61, 64]"),
        ("\"intermediate_size\": 52", "\"intermediate_size\": 56", "mlp.gate_proj.weight", "[52, 32]", "[56, 32]"),
    ])
    func misshapenTensor(setting: String, changed: String, tensor: String, found: String, expected: String) throws {
        try GoldenModel(name: "mistral-window").withCopy(replacing: setting, by: changed) { url in
            let message = text { _ = try DecoderModel(Checkpoint(directory: url)) }
            #expect(message.contains(tensor) && message.contains("model.safetensors"))
            #expect(message.contains(found) && message.contains(expected))
        }
    }

    @Test func tokenOutsideTheVocabulary() throws {
        let model = try GoldenModel(name: "llama").model()
        #expect(
            text { _ = try model.embed([[1, 2], [3, 61]]) }
                == "token 1 of sequence 1 has id 61, expected one of the vocabulary's 0 to 60")
        #expect(text { _ = try model.embed([[-1]], firstSequence: 4) }.hasPrefix("token 0 of sequence 4 has id -1"))
    }

    /// Weights that are finite but send one token's features past the largest float, in each stage.
    @Test(arguments: [
        ("queryKeyValue", "self_attn.q_proj"), ("attentionOutput", "self_attn.o_proj"), ("gateUp", "mlp.up_proj"),
        ("down", "mlp.down_proj"),
    ])
    func overflowNamesBlockAndStage(stage: String, layer: String) throws {
        let model = try GoldenModel(name: "llama-linear-rope").model()
        var block = try model.block(1)
        let weight = block.weight(layer)
        block.replace(layer, with: Matrix(repeating: 3e38, rows: weight.rows, columns: weight.columns))
        var state = try model.embed([[5], [6, 7]], firstSequence: 10)
        let message = text { try block.forward(&state) }
        #expect(message.hasPrefix("block 1, stage \(stage): NaN or infinity in feature "))
        #expect(message.contains(" of sequence 1"))
    }

    @Test func noTokens() throws {
        let model = try GoldenModel(name: "llama").model()
        #expect(try model.logits(of: []).columns == 0)
        #expect(try model.logits(of: [[], [3], []]) == model.logits(of: [[3]]))
    }
}
