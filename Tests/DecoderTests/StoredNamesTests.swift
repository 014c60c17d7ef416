import AdaDimArchitectures
import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimLinearAlgebra
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

/// Models whose tensors have other names than a language model's, or are not all there: what transformers computes with
/// them, or who refuses them.
struct StoredNamesTests {
    /// A copy of a golden model, each of its tensors changed or, by nil, taken out.
    private func changed(
        _ golden: GoldenModel, adding: [TestTensor] = [], config: ((String) -> String)? = nil,
        tensors change: (TestTensor) -> TestTensor? = { $0 }
    ) throws -> ModelDirectory {
        let file = golden.directory.appendingPathComponent("config.json")
        let directory = try ModelDirectory(config: (config ?? { $0 })(String(contentsOf: file, encoding: .utf8)))
        let original = try Checkpoint(directory: golden.directory).files.flatMap { file in
            file.tensors.map { entry in
                TestTensor(
                    entry.name, entry.elementType, entry.shape, bytes: file.withBytes(of: entry) { [UInt8]($0) })
            }
        }
        try directory.write(original.compactMap(change) + adding)
        return directory
    }

    private func renamed(_ tensor: TestTensor, _ name: String) -> TestTensor {
        TestTensor(name, tensor.elementType, tensor.shape, bytes: tensor.bytes)
    }

    private func logits(_ directory: URL) throws -> Matrix<Float> {
        try DecoderModel(Checkpoint(directory: directory)).logits(of: [[3, 1, 4, 1, 5, 9, 2, 6]])
    }

    private func tied(_ config: String) -> String {
        config.replacingOccurrences(
            of: "\"tie_word_embeddings\": false", with: "\"tie_word_embeddings\": true")
    }

    /// Both are kept, and it is said.
    @Test(arguments: ["llama", "qwen2", "mistral-window"])
    func headStoredBesideEmbeddingsThatAreTied(_ name: String) throws {
        let golden = GoldenModel(name: name)
        let directory = try changed(golden, config: tied)
        defer { directory.remove() }
        let checkpoint = try Checkpoint(directory: directory.url)
        #expect(checkpoint.configuration.tiesEmbeddings)
        #expect(try logits(directory.url) == logits(golden.directory))
        #expect(
            checkpoint.notices == [
                "\(directory.url.path)/config.json: tie_word_embeddings is true, but lm_head.weight is stored with other "
                    + "values than model.embed_tokens.weight: each is used as it is stored, as transformers does"
            ])
        #expect(try Checkpoint(directory: golden.directory).notices == [])
    }

    /// Nothing to say of a head that equals the embeddings, whatever type it is stored in.
    @Test func headStoredWithTheSameValues() throws {
        let golden = GoldenModel(name: "llama-llama3-rope")
        let embedding = try Checkpoint(directory: golden.directory).location(of: "model.embed_tokens.weight")
        let bytes = embedding.file.withBytes(of: embedding.entry) { [UInt8]($0) }
        let wide = stride(from: 0, to: bytes.count, by: 2).flatMap {
            [UInt8](arrayLiteral: 0, 0, bytes[$0], bytes[$0 + 1])
        }
        for head in [
            TestTensor("lm_head.weight", .bfloat16, embedding.entry.shape, bytes: bytes),
            TestTensor("lm_head.weight", .float32, embedding.entry.shape, bytes: wide),
        ] {
            let directory = try changed(golden, adding: [head])
            defer { directory.remove() }
            #expect(try logits(directory.url) == logits(golden.directory))
            #expect(try Checkpoint(directory: directory.url).notices == [])
        }
    }

    @Test func embeddingsStoredAsHeadAlone() throws {
        let golden = GoldenModel(name: "qwen3")
        let directory = try changed(
            golden,
            tensors: {
                $0.name == "model.embed_tokens.weight" ? renamed($0, "lm_head.weight") : $0
            })
        defer { directory.remove() }
        #expect(try logits(directory.url) == logits(golden.directory))
    }

    /// `model.` where a language model's names do not have it, and not where they do: every tensor is found by itself.
    @Test(arguments: ["llama", "qwen3"])
    func namesOfSeveralKinds(_ name: String) throws {
        let golden = GoldenModel(name: name)
        func without(_ name: String) -> String { String(name.dropFirst("model.".count)) }
        let changes: [(String) -> String] = [
            { $0 == "lm_head.weight" ? "model." + $0 : $0 },
            { "model." + $0 },
            { $0.contains("layers") || $0 == "lm_head.weight" ? $0 : without($0) },
            { $0.contains("layers.1.") || $0 == "lm_head.weight" ? $0 : without($0) },
        ]
        for change in changes {
            let directory = try changed(golden, tensors: { renamed($0, change($0.name)) })
            defer { directory.remove() }
            #expect(try logits(directory.url) == logits(golden.directory))
        }
        let foreign = TestTensor("transformer.layers.0.mlp.up_proj.weight", .float32, [1], [1])
        let beside = try changed(golden, adding: [foreign])
        defer { beside.remove() }
        #expect(try logits(beside.url) == logits(golden.directory))
        let twice = try changed(
            golden, adding: [TestTensor("norm.weight", .float32, [1], [1])], tensors: { $0 })
        defer { twice.remove() }
        #expect(
            errorText { _ = try Checkpoint(directory: twice.url) }
                == "\(twice.url.path): the weights hold model.norm.weight more than once: model.norm.weight, norm.weight; "
                + "expected one of them")
    }

    /// What else their files hold, no language model reads, whatever else is stored.
    @Test(arguments: ["llama", "qwen3"])
    func questionAnsweringModelsHaveNoOutputProjection(_ name: String) throws {
        func refusal(_ directory: ModelDirectory) -> String {
            errorText { _ = try DecoderModel(Checkpoint(directory: directory.url)) }
                .replacingOccurrences(
                    of:
                        "\(directory.url.path): no output projection, which perplexity, comparisons and multiple choice "
                        + "need: ", with: "")
        }
        let golden = GoldenModel(name: name)
        let named = try changed(
            golden, config: tied,
            tensors: {
                $0.name == "lm_head.weight" ? $0 : renamed($0, "transformer." + $0.name.dropFirst("model.".count))
            })
        defer { named.remove() }
        _ = try DecoderModel(Checkpoint(directory: named.url), givesLogits: false)
        #expect(
            refusal(named) == "names of tensors begin with transformer., as those of question answering models do")
        let head = TestTensor("qa_outputs.weight", .float32, [2, 32], [Float](repeating: 1, count: 64))
        let headed = try changed(
            golden, adding: [head], config: tied, tensors: { $0.name == "lm_head.weight" ? nil : $0 })
        defer { headed.remove() }
        #expect(
            refusal(headed)
                == "no tensor lm_head.weight in the weights, but qa_outputs.weight: a question answering model")
    }

    /// transformers would apply it where it can.
    @Test func anAdapterBesideAModelIsRefused() throws {
        let directory = try changed(GoldenModel(name: "llama"))
        defer { directory.remove() }
        try directory.write("{}", "adapter_config.json")
        #expect(
            errorText { _ = try Checkpoint(directory: directory.url) }
                == "\(directory.url.path)/adapter_config.json: an adapter next to the model, which transformers applies where "
                + "peft is installed; merge it into the model (peft: merge_and_unload, save_pretrained), or remove the "
                + "file to leave the adapter out")
    }

    /// An architecture may have a prefix of its own, even the one of question answering models. Files may leave it out; those
    /// of a larger model have other tensors beside the decoder's.
    @Test(arguments: ["model.language_model.", "transformer."], [true, false])
    func otherPrefixesOfAnArchitecture(_ prefix: String, isStored: Bool) throws {
        let golden = GoldenModel(name: "llama")
        var architecture = Architecture.llama
        architecture.names.prefix = prefix
        let values = [Float](repeating: 1, count: 4)
        let others = [
            "model.visual.layers.0.mlp.up_proj.weight", "model.visual.norm.weight",
            "vision_tower.layers.0.norm1.weight",
        ].map { TestTensor($0, .float32, [4], values) }
        let directory = try changed(
            golden, adding: others,
            tensors: { tensor in
                tensor.name == "lm_head.weight"
                    ? tensor : renamed(tensor, (isStored ? prefix : "") + tensor.name.dropFirst("model.".count))
            })
        defer { directory.remove() }
        let checkpoint = try Checkpoint(directory: directory.url, architectures: [architecture])
        let logits = try DecoderModel(checkpoint).logits(of: [[3, 1, 4, 1, 5, 9, 2, 6]])
        #expect(try logits == self.logits(golden.directory))
        let up = "layers.1.mlp.up_proj"
        #expect(checkpoint.configuration.layers.map(\.moduleName).contains(prefix + up))
        #expect(checkpoint.naming.stored(prefix + up) == (isStored ? prefix : "") + up)
        for other in others {
            #expect(checkpoint.naming.stored(other.name) == other.name)
            #expect(try checkpoint.vector(other.name, count: 4) == values)
        }
    }

    /// The decoder saved without its head: the same tensors, `model.` left out of their names, or the name that
    /// question answering models have for it.
    @Test(arguments: GoldenModel.all, ["", "transformer."])
    func otherNamesOfTheDecoder(_ golden: GoldenModel, _ prefix: String) throws {
        let directory = try changed(
            golden,
            tensors: { tensor in
                tensor.name == "lm_head.weight" ? nil : renamed(tensor, prefix + tensor.name.dropFirst("model.".count))
            })
        defer { directory.remove() }
        let checkpoint = try Checkpoint(directory: directory.url)
        #expect(checkpoint.tensorNames.allSatisfy { !$0.hasPrefix("model.") })
        if checkpoint.configuration.tiesEmbeddings && prefix.isEmpty {
            #expect(try logits(directory.url) == logits(golden.directory))
            return
        }
        // Hidden states need no head.
        let (ours, theirs) = (try DecoderModel(checkpoint, givesLogits: false), try golden.model())
        var (state, expected) = (try ours.embed([[3, 1, 4]]), try theirs.embed([[3, 1, 4]]))
        for index in 0..<checkpoint.configuration.blockCount {
            try ours.block(index).forward(&state)
            try theirs.block(index).forward(&expected)
        }
        #expect(try ours.normalizedOutput(state) == theirs.normalizedOutput(expected))
        #expect(
            errorText { _ = try DecoderModel(checkpoint) }
                == "\(directory.url.path): no output projection, which perplexity, comparisons and multiple choice need: "
                + (prefix.isEmpty
                    ? "no tensor lm_head.weight in the weights, and tie_word_embeddings is not true"
                    : "names of tensors begin with transformer., as those of question answering models do"))
        #expect(
            errorText { _ = try checkpoint.location(of: "model.layers.9.mlp.up_proj.weight") }
                == "\(directory.url.path): no tensor \(prefix)layers.9.mlp.up_proj.weight in the weights")
    }

    /// Its own head is no output projection, even where embeddings are tied.
    @Test(arguments: ["llama", "mistral-window", "qwen2", "qwen3"])
    func classifiersHaveNoOutputProjection(_ name: String) throws {
        let score = TestTensor("score.weight", .float32, [2, 32], [Float](repeating: 1, count: 64))
        let directory = try changed(
            GoldenModel(name: name), adding: [score], config: tied,
            tensors: {
                $0.name == "lm_head.weight" ? nil : $0
            })
        defer { directory.remove() }
        let checkpoint = try Checkpoint(directory: directory.url)
        _ = try DecoderModel(checkpoint, givesLogits: false)
        #expect(
            errorText { _ = try DecoderModel(checkpoint) }
                == "\(directory.url.path): no output projection, which perplexity, comparisons and multiple choice need: "
                + "no tensor lm_head.weight in the weights, but score.weight: a classifier")
    }

    /// Biases that no block stores are zero.
    @Test(arguments: [
        ("llama-biases", "self_attn.o_proj"), ("llama-biases", "mlp.up_proj"), ("qwen2", "self_attn.k_proj"),
    ])
    func biasesThatAreNotStored(_ name: String, _ module: String) throws {
        let golden = GoldenModel(name: name)
        let bias = module + ".bias"
        let without = try changed(golden, tensors: { $0.name.hasSuffix(bias) ? nil : $0 })
        defer { without.remove() }
        let zero = try changed(
            golden,
            tensors: { tensor in
                tensor.name.hasSuffix(bias)
                    ? TestTensor(
                        tensor.name, tensor.elementType, tensor.shape,
                        bytes: [UInt8](repeating: 0, count: tensor.bytes.count))
                    : tensor
            })
        defer { zero.remove() }
        #expect(try logits(without.url) == logits(zero.url))
        #expect(try logits(zero.url) != logits(golden.directory))
        #expect(
            try Checkpoint(directory: without.url).notices == [
                "\(without.url.path): no block stores \(bias): taken to be zero, as transformers does"
            ])
    }
}
