import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimPipeline
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRecipe
import AdaDimReports
import AdaDimTestSupport
import Foundation
import Testing

/// Embeddings and output projections: one of each in mistral-window, one table for both in llama-llama3-rope.
@Suite("Quantizing embeddings and output projections") struct TableTests {
    private func job(
        _ scratch: Scratch, _ name: String = "mistral-window", embeddings: Int? = nil, head: Int? = nil,
        output: String = "out"
    ) throws -> QuantizationJob {
        let isNew = !FileManager.default.fileExists(atPath: scratch.url.appending(path: name).path)
        var job =
            isNew
            ? try scratch.job(name, samples: 12)
            : QuantizationJob(
                model: scratch.url.appending(path: name),
                calibration: scratch.url.appending(path: "tokens.safetensors"),
                recipe: ModelRecipe(.fast))
        job.output = scratch.url.appending(path: output)
        job.recipe.options.grid.groupSize = 32
        job.recipe.sampling.samples = 12
        job.recipe.sampling.sequenceLength = 16
        (job.recipe.embeddings, job.recipe.head) = (embeddings, head)
        return job
    }

    private func samples(_ job: QuantizationJob) throws -> CalibrationSamples {
        let source = try TokenSource(file: job.calibration) { throw CancellationError() }
        return try CalibrationSamples(
            from: source, samples: 12, length: 16, seed: 0, vocabularySize: 61, maximumLength: 16)
    }

    /// [hidden, tokens] before the output projection of a model.
    private func outputs(of directory: URL, _ samples: CalibrationSamples) throws -> Matrix<Float> {
        let model = try DecoderModel(Checkpoint(directory: directory, allowingQuantized: true))
        var state = try model.embed(samples.sequences)
        for index in 0..<model.configuration.blockCount { try model.block(index).forward(&state) }
        return try model.normalizedOutput(state)
    }

    /// ‖(W−Q)X‖² and ‖WX‖².
    private func loss(_ w: Matrix<Float>, _ q: Matrix<Float>, _ x: Matrix<Float>) -> (loss: Double, energy: Double) {
        let error = Matrix<Float>(rows: w.rows, columns: w.columns) { w[$0, $1] - q[$0, $1] }
        return (error.multiplied(by: x).squaredNorm, w.multiplied(by: x).squaredNorm)
    }

    private func table(_ directory: URL, _ name: String) throws -> Matrix<Float> {
        try Checkpoint(directory: directory, allowingQuantized: true).matrix(name)
    }

    /// Losses are those of what was written: of embeddings over the tokens of the text, of the output projection on what the
    /// quantized blocks give.
    @Test func reportedLossesAreThoseOfTheWrittenTables() throws {
        let scratch = try Scratch()
        let job = try job(scratch, embeddings: 4, head: 3)
        let report = try QuantizeCheckpoint(job).run()
        #expect(report.layers.count == 16 && report.totals.quantizedLayers == 16)
        let (embeddings, head) = (try #require(report.layers.first), try #require(report.layers.last))
        #expect(embeddings.name == "model.embed_tokens" && embeddings.table == .embedding)
        #expect(embeddings.method == .roundToNearest && embeddings.bits == 4 && embeddings.shape == [61, 32])
        #expect(embeddings.dimension == .perOutputChannel && embeddings.damping == 0)
        #expect(head.name == "lm_head" && head.table == .head && head.method == .gptq && head.bits == 3)
        #expect(report.layers.dropFirst().dropLast().allSatisfy { $0.table == nil })

        let samples = try samples(job)
        let (before, after) = (
            try table(job.model, "model.embed_tokens.weight"), try table(job.output, "model.embed_tokens.weight")
        )
        var (lost, energy) = (0.0, 0.0)
        for id in samples.sequences.flatMap({ $0 }) {
            for j in 0..<32 {
                let difference = Double(before[Int(id), j] - after[Int(id), j])
                lost += difference * difference
                energy += Double(before[Int(id), j]) * Double(before[Int(id), j])
            }
        }
        // What was written is rounded once more, to 2⁻⁸ of a weight at most (bfloat16), of at most 15 steps.
        #expect(lost > 0 && abs(embeddings.loss.absolute - lost) <= 0.1 * lost)
        #expect(abs(embeddings.outputEnergy - energy) <= 1e-5 * energy)

        let expected = loss(
            try table(job.model, "lm_head.weight"), try table(job.output, "lm_head.weight"),
            try outputs(of: job.output, samples))
        #expect(abs(head.loss.absolute - expected.loss) <= 0.04 * expected.loss)
        #expect(abs(head.outputEnergy - expected.energy) <= 1e-4 * expected.energy)
        // The sweep does better than rounding.
        let rounded = try #require(head.losses["per-oc"]?.rtn ?? head.losses["per-oc"]?.gptq)
        #expect(head.loss.absolute <= rounded.absolute)
        // Sums over layers are those of the blocks'.
        let ofBlocks = report.layers.filter { $0.table == nil }
        let share = ofBlocks.map(\.loss.absolute).reduce(0, +) / ofBlocks.map(\.outputEnergy).reduce(0, +)
        #expect(abs(report.totals.energyWeightedRelativeLoss - share) <= 1e-12)
    }

    /// Nothing reads the output projection: with it, all else is as without it. Embeddings move what follows, unless layers see
    /// the original model's inputs.
    @Test(arguments: Propagation.allCases) func whatTablesChangeOfOtherLayers(_ propagation: Propagation) throws {
        let scratch = try Scratch()
        func losses(_ embeddings: Int?, _ head: Int?) throws -> [Double] {
            var job = try job(scratch, embeddings: embeddings, head: head, output: "\(embeddings ?? 0)-\(head ?? 0)")
            job.recipe.propagation = propagation
            return try QuantizeCheckpoint(job).run().layers.filter { $0.table == nil }.map(\.loss.absolute)
        }
        let plain = try losses(nil, nil)
        #expect(plain.count == 14)
        #expect(try losses(nil, 4) == plain)
        let moved = try losses(2, nil)
        #expect(propagation == .original ? moved == plain : zip(moved, plain).allSatisfy { $0 != $1 })
    }

    /// The stream begins with the embeddings as they are written.
    @Test func theFirstLayerSeesQuantizedEmbeddings() throws {
        let scratch = try Scratch()
        let job = try job(scratch, embeddings: 2)
        let report = try QuantizeCheckpoint(job).run()
        let model = try DecoderModel(Checkpoint(directory: job.output))
        let x = try model.block(0).input(of: model.embed(samples(job).sequences))
        let name = "model.layers.0.self_attn.q_proj"
        let expected = loss(try table(job.model, name + ".weight"), try table(job.output, name + ".weight"), x)
        let entry = try #require(report.layers.first { $0.name == name })
        #expect(abs(entry.outputEnergy - expected.energy) <= 1e-4 * expected.energy)
        #expect(abs(entry.loss.absolute - expected.loss) <= 0.04 * expected.loss)
    }

    /// Asymmetric calibration compensates for embeddings, too.
    @Test func correctionsBeginAtTheFirstLayer() throws {
        let scratch = try Scratch()
        func first(_ embeddings: Int?) throws -> QuantizationReport.Layer? {
            var job = try job(scratch, embeddings: embeddings, output: "\(embeddings ?? 0)")
            job.recipe.correction = .init(inputs: 0.4, residual: 0.4)
            return try QuantizeCheckpoint(job).run().layers.first { $0.table == nil }
        }
        #expect(try first(nil)?.correction == nil)
        let moved = try #require(try first(2)?.correction)
        #expect(moved.outputs.weight.absolute > 0 && moved.outputs.target.absolute < moved.outputs.weight.absolute)
    }

    /// One table for both, quantized as what it is at the end of the model, under the original model's outputs.
    @Test func aTiedTableIsQuantizedOnce() throws {
        let scratch = try Scratch()
        let job = try job(scratch, "llama-llama3-rope", head: 4)
        let report = try QuantizeCheckpoint(job).run()
        #expect(report.layers.count == 22)
        let entry = try #require(report.layers.first)
        #expect(entry.name == "model.embed_tokens" && entry.table == .embeddingAndHead && entry.method == .gptq)
        let name = "model.embed_tokens.weight"
        let expected = loss(
            try table(job.model, name), try table(job.output, name), try outputs(of: job.model, samples(job)))
        #expect(abs(entry.loss.absolute - expected.loss) <= 0.04 * expected.loss)
        // Either option, or both.
        for (embeddings, head) in [(4, nil), (4, 4)] as [(Int?, Int?)] {
            let other = try self.job(
                scratch, "llama-llama3-rope", embeddings: embeddings, head: head, output: "\(head ?? 0)")
            #expect(try QuantizeCheckpoint(other).run().layers.map(\.loss) == report.layers.map(\.loss))
        }
        let differing = try self.job(scratch, "llama-llama3-rope", embeddings: 8, head: 4, output: "no")
        #expect(
            errorText { _ = try QuantizeCheckpoint(differing).run() }
                == "model.embed_tokens: the model ties embeddings and output projection, so one table is both, but "
                + "embeddings are to have 8 bits and the head 4; expected one of the two, or the same number")
    }

    /// All formats that hold a table have the same values of it; of MLX they are not rounded to the model's type.
    @Test(arguments: [
        ("mistral-window", ["model.embed_tokens", "lm_head"]), ("llama-llama3-rope", ["model.embed_tokens"]),
    ])
    func formatsHoldTheSameTables(_ model: String, _ modules: [String]) throws {
        let scratch = try Scratch()
        var plain = try job(scratch, model, embeddings: 4, head: 4)
        // Keys have 16 features, too few for a group the other way.
        plain.recipe.options.direction = .fixed(.perOutputChannel)
        // Otherwise later layers see how earlier ones are rounded, which differs.
        plain.recipe.propagation = .original
        let report = try QuantizeCheckpoint(plain).run()
        var packed = try job(scratch, model, embeddings: 4, head: 4, output: "mlx")
        packed.recipe.options.direction = .fixed(.perOutputChannel)
        packed.recipe.propagation = .original
        packed.recipe.format = .mlx
        let found = try QuantizeCheckpoint(packed).run()
        #expect(found.layers.map(\.loss) == report.layers.map(\.loss))
        for module in modules {
            let values = try table(packed.output, module + ".weight")
            #expect(StoredFloat.bfloat16.rounded(values) == (try table(plain.output, module + ".weight")))
            let entry = try #require(found.layers.first { $0.name == module })
            // A scale and an offset for 32 weights: where rows are looked up, both have 32 bits.
            let ofGroup = module == "lm_head" ? 48.0 : 64
            #expect(entry.bitsPerWeight == 4 + ofGroup / 32 && entry.denseBecause == nil)
        }
        // Read back to compute with: the same logits, but for the rounding of weights to bfloat16.
        let sequences = Array(try samples(plain).sequences.prefix(2))
        let logits = try [plain.output, packed.output].map {
            try DecoderModel(Checkpoint(directory: $0, allowingQuantized: true)).logits(of: sequences)
        }
        let difference = Matrix<Float>(rows: logits[0].rows, columns: logits[0].columns) {
            logits[0][$0, $1] - logits[1][$0, $1]
        }
        #expect(difference.squaredNorm <= 1e-3 * logits[0].squaredNorm)
    }

    @Test func compressedTensorsHoldsAnUntiedHead() throws {
        let scratch = try Scratch()
        let plain = try job(scratch, head: 4)
        _ = try QuantizeCheckpoint(plain).run()
        var packed = try job(scratch, head: 4, output: "packed")
        packed.recipe.format = .compressedTensors
        _ = try QuantizeCheckpoint(packed).run()
        let checkpoint = try Checkpoint(directory: packed.output, allowingQuantized: true)
        #expect(checkpoint.packedLayers?["lm_head"] != nil && checkpoint.contains("lm_head.weight"))
        #expect(try checkpoint.matrix("lm_head.weight") == table(plain.output, "lm_head.weight"))
        let config = try String(contentsOf: packed.output.appending(path: "config.json"), encoding: .utf8)
        let ignored = try #require(config.range(of: "\"ignore\"")).upperBound
        #expect(!config[ignored...].prefix { $0 != "]" }.contains("lm_head"))
        let sequences = Array(try samples(plain).sequences.prefix(2))
        #expect(
            try DecoderModel(checkpoint).logits(of: sequences)
                == DecoderModel(Checkpoint(directory: plain.output)).logits(of: sequences))
    }

    @Test func whatCannotBeIsRefusedBeforeTheRun() throws {
        let scratch = try Scratch()
        func text(
            _ model: String = "mistral-window", embeddings: Int? = nil, head: Int? = nil,
            _ change: (inout ModelRecipe) -> Void
        ) throws -> String {
            var job = try job(scratch, model, embeddings: embeddings, head: head)
            change(&job.recipe)
            job.calibration = scratch.url.appending(path: "nowhere.txt")
            return errorText { _ = try QuantizeCheckpoint(job).run() }
        }
        let held = " compressed-tensors cannot hold it: it would have a quantized "
        #expect(
            try text(embeddings: 4) { $0.format = .compressedTensors }
                == "layer model.embed_tokens:" + held + "embedding table, expected one of plain numbers")
        #expect(
            try text("llama-llama3-rope", head: 4) { $0.format = .compressedTensors }
                == "layer model.embed_tokens:" + held
                + "table that is both embeddings and output projection, expected one of plain numbers")
        #expect(
            try text(head: 4) { $0.rules = [.perInputChannel("lm_head", source: "--per-ic")] }
                == "lm_head: its groups would be per-ic, expected per-oc: a row belongs to a token, and readers look up rows"
        )
        #expect(
            try text(head: 4) {
                $0.rules = [.skipping("*_proj", source: "--skip"), .skipping("lm_head", source: "--skip")]
            }
                == "no layer is left to quantize: each is skipped by --skip *_proj or --skip lm_head")
        #expect(
            try text(head: 5) { _ in } == "the recipe: head is 5, expected 2, 3, 4 or 8")
        #expect(
            try text { $0.rules = [.skipping("lm_head", source: "--skip")] }.hasPrefix(
                "--skip lm_head: no linear layer matches; names are like model.layers.0."))
    }

    /// Rules change a table's settings; tables alone need no block.
    @Test func tablesAlone() throws {
        let scratch = try Scratch()
        var job = try job(scratch, embeddings: 8, head: 8)
        job.recipe.rules = [.skipping("*_proj", source: "--skip")]
        let report = try QuantizeCheckpoint(job).run()
        #expect(report.layers.map(\.name) == ["model.embed_tokens", "lm_head"])
        #expect(report.totals.meanRelativeLoss == 0 && report.totals.bitsPerWeight == 16)
        let query = "model.layers.1.self_attn.q_proj.weight"
        #expect(try table(job.output, query) == table(job.model, query))
        var alone = try self.job(scratch, embeddings: 8, output: "embeddings")
        alone.recipe.rules = job.recipe.rules
        #expect(try QuantizeCheckpoint(alone).run().layers.map(\.loss) == [report.layers[0].loss])
    }

    @Test(arguments: [ExportFormat.dequantized, .mlx]) func estimatesFollow(_ format: ExportFormat) throws {
        let scratch = try Scratch()
        func estimate(_ embeddings: Int?, _ head: Int?) throws -> (disk: Int, memory: Double) {
            var job = try job(scratch, embeddings: embeddings, head: head)
            job.recipe.format = format
            job.recipe.options.direction = .fixed(.perOutputChannel)
            let checkpoint = try Checkpoint(directory: job.model)
            let plan = try LayerPlan(job.recipe, checkpoint.configuration, scaleType: checkpoint.scaleType)
            return (
                try DiskEstimate(checkpoint, format, plan).bytes,
                try MemoryEstimate(
                    checkpoint.configuration, plan, CalibrationSize(sequences: 1, length: 1),
                    .quantizing(job.recipe), threads: 1
                ).bytes
            )
        }
        let plain = try estimate(nil, nil)
        let both = try estimate(4, 4)
        // Each of two tables [61, 32] has 16 bits a weight, or 4 and 48 a group of 32.
        let saved = format == .mlx ? 2 * 61 * 32 * (16 - 4) / 8 - 2 * 61 * 6 : 0
        #expect(both.disk == plain.disk - saved)
        #expect(both.memory >= plain.memory)
    }
}
