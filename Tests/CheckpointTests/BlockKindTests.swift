import AdaDimArchitectures
import AdaDimCheckpoint
import AdaDimTestSupport
import Foundation
import Testing

/// Which block is of which kind, by a description's pattern and config.json.
@Suite("Kinds of blocks")
struct BlockKindTests {
    /// Whether each block of a model is of the second of two kinds, which has no window.
    private func isSecond(
        _ pattern: BlockPattern, blocks: Int, _ members: String = ""
    ) throws -> [Bool] {
        let configuration = try configuration(pattern, blocks: blocks, members)
        return (0..<blocks).map { configuration.kind(ofBlock: $0) == configuration.architecture.blockKinds[1] }
    }

    private func configuration(
        _ pattern: BlockPattern, blocks: Int, _ members: String = ""
    ) throws -> ModelConfiguration {
        var architecture = Architecture.mistral
        var global = architecture.blockKinds[0]
        global.stages[0].operation = .attention(AttentionKind(hasWindow: false))
        architecture.blockKinds.append(global)
        architecture.pattern = pattern
        let text = """
            {"model_type": "mistral", "vocab_size": 9, "hidden_size": 16, "intermediate_size": 12,
             "num_hidden_layers": \(blocks), "num_attention_heads": 8\(members)}
            """
        return try ModelConfiguration(json: Data(text.utf8), file: "config.json", architectures: [architecture])
    }

    @Test func ofDescriptionsAlone() throws {
        #expect(try isSecond(.uniform, blocks: 3) == [false, false, false])
        #expect(
            try isSecond(.repeating([0, 0, 1]), blocks: 7) == [false, false, true, false, false, true, false])
    }

    /// As GLM-4.5's first blocks, which have no experts.
    @Test func theFirstBlocksAreOfAnotherKind() throws {
        let pattern = BlockPattern.leading(key: "first_k_dense_replace", default: 1)
        #expect(try isSecond(pattern, blocks: 4) == [false, true, true, true])
        #expect(
            try isSecond(pattern, blocks: 4, #", "first_k_dense_replace": 3"#) == [false, false, false, true])
        #expect(try isSecond(pattern, blocks: 2, #", "first_k_dense_replace": 0"#) == [true, true])
        #expect(try isSecond(pattern, blocks: 2, #", "first_k_dense_replace": 5"#) == [false, false])
        #expect(
            errorText { _ = try configuration(pattern, blocks: 2, #", "first_k_dense_replace": "all""#) }
                == #"config.json: first_k_dense_replace is "all", expected an integer from 0 to 2147483647"#)
    }

    @Test func configurationsListKinds() throws {
        let pattern = BlockPattern.listed(key: "layer_types", words: ["sliding_attention", "full_attention"])
        func members(_ words: String...) -> String {
            let list = words.map { "\"\($0)\"" }.joined(separator: ", ")
            return ", \"layer_types\": [\(list)]"
        }
        #expect(
            try isSecond(pattern, blocks: 3, members("full_attention", "sliding_attention", "full_attention")) == [
                true, false, true,
            ])
        func text(_ members: String) -> String {
            errorText { _ = try configuration(pattern, blocks: 2, members) }
        }
        #expect(text("") == "config.json: layer_types is missing, expected a list of words, one a block")
        #expect(
            text(members("full_attention"))
                == "config.json: layer_types has 1 entries, expected 2, one a block")
        #expect(
            text(members("full_attention", "linear_attention"))
                == "config.json: layer_types is linear_attention, which is not supported; supported: sliding_attention, "
                + "full_attention")
    }

    /// One name in config.json is for all gates; a model without gates needs none.
    @Test func activationsAreThoseOfAllGates() throws {
        func text(_ name: String, _ change: (inout Architecture) -> Void) -> String {
            var architecture = Architecture.llama
            change(&architecture)
            let text = """
                {"model_type": "llama", "vocab_size": 9, "hidden_size": 8, "intermediate_size": 12,
                 "num_hidden_layers": 1, "num_attention_heads": 2, "hidden_act": "\(name)"}
                """
            return errorText {
                _ = try ModelConfiguration(json: Data(text.utf8), file: "config.json", architectures: [architecture])
            }
        }
        #expect(text("swish") { _ in } == "nothing was thrown")
        #expect(
            text("tanh") { _ in }
                == "config.json: hidden_act is tanh, which is not supported; supported: silu, swish")
        #expect(text("tanh") { $0.blockKinds[0].stages.removeLast(2) } == "nothing was thrown")
        #expect(
            text("silu") {
                var other = $0.blockKinds[0]
                other.stages[2].operation = .gate(.geluTanh)
                $0.blockKinds.append(other)
            }
                == "config.json: model_type llama has gates with activations that have no name in common, which this "
                + "version does not compute")
    }
}
