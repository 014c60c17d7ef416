import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimPipeline
import AdaDimQuantization
import AdaDimRecipe
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

/// Whatever stops a run, it says what and where, and leaves nothing behind.
@Suite struct RefusalTests {
    private func job(_ scratch: Scratch) throws -> QuantizationJob { try scratch.job("qwen2", samples: 4) }

    private func message(_ job: QuantizationJob) -> String {
        do {
            _ = try QuantizeCheckpoint(job).run()
            return "nothing was thrown"
        } catch {
            return "\(error)"
        }
    }

    @Test func globsThatMatchNothing() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        job.recipe.rules = [.skipping("q_proj", source: "--skip"), .skipping("experts.*", source: "--skip")]
        #expect(
            message(job)
                == "--skip experts.*: no linear layer matches; names are like model.layers.0.self_attn.q_proj")
        job.recipe.rules = [.skipping("*", source: "--skip")]
        #expect(message(job) == "no layer is left to quantize: each is skipped by --skip *")
        job.recipe.rules = []
        job.recipe.options.direction = .fixed(.perOutputChannel)
        job.recipe.rules = [.perInputChannel("gate", source: "--per-ic")]
        #expect(message(job).hasPrefix("--per-ic gate: no linear layer matches"))
        #expect(try !scratch.contents.contains { $0.hasPrefix("out") || $0.hasPrefix(".out") })
    }

    @Test func calibrationTextsThatDoNotDo() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        job.recipe.sampling.sequenceLength = 5000
        #expect(message(job).contains("sequences of 5000 tokens were requested, the model takes at most"))
        job.recipe.sampling.sequenceLength = 16
        job.calibration = try scratch.tokens([1, 2, 3], shape: [3], name: "short.safetensors")
        #expect(message(job) == "the calibration text has 3 tokens, expected at least one sequence of 16")
        job.calibration = try scratch.tokens(
            [Int64](repeating: 100_000, count: 20), shape: [20], name: "large.safetensors")
        #expect(message(job).hasPrefix("token 100000 at position 0 is not in the model's vocabulary of "))
        job.calibration = try scratch.tokens(
            [Int64](repeating: 1 << 40, count: 20), shape: [20], name: "huge.safetensors")
        #expect(message(job).hasSuffix("huge.safetensors: element 0 of ids is no 32-bit token id"))
        job.calibration = try scratch.tokens([Int64](repeating: 1, count: 16), shape: [2, 8], name: "rows.safetensors")
        #expect(message(job) == "the ready-made sequences have 8 tokens each, --sequence-length is 16")
        job.recipe.sampling.sequenceLength = nil
        #expect(message(job) == "2 ready-made sequences, --samples is 4")
        job.calibration = scratch.url.appending(path: "nowhere.txt")
        #expect(message(job).contains("nowhere.txt: cannot be read"))
        try Data([0x61, 0xff, 0x62]).write(to: scratch.url.appending(path: "latin.txt"))
        job.calibration = scratch.url.appending(path: "latin.txt")
        #expect(message(job).hasSuffix("latin.txt: not UTF-8 text"))
    }

    @Test func moreMemoryThanThereIs() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        job.recipe.sampling.samples = Sampling.mostTokens / 16
        let text = errorText { _ = try QuantizeCheckpoint(job, memory: 1 << 34).run() }
        #expect(text.hasPrefix("this run needs at least ") && text.contains("the machine has"), "\(text)")
    }

    /// Without options all ready-made sequences are taken, at their own length, whatever a text's defaults are.
    @Test func readyMadeSequencesAreCountedAsTheyAre() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        (job.recipe.sampling.samples, job.recipe.sampling.sequenceLength) = (nil, nil)
        func bytes(_ sequences: Int, _ length: Int) throws -> Int {
            let configuration = try Checkpoint(directory: job.model).configuration
            let plan = try LayerPlan(job.recipe, configuration, scaleType: .bfloat16)
            let size = CalibrationSize(sequences: sequences, length: length)
            return Int(try MemoryEstimate(configuration, plan, size, .quantizing(job.recipe)).bytes.rounded(.up))
        }
        func message(memory: Int) -> String {
            errorText { _ = try QuantizeCheckpoint(job, memory: memory).run() }
        }
        let refusal = "this run needs at least "
        // Fewer than 128 × 512 tokens: enough memory for them is enough.
        job.calibration = try scratch.tokens(
            (0..<640).map { $0 * $0 % 53 }, shape: [40, 16], name: "few.safetensors")
        let few = try bytes(40, 16)
        #expect(try few < bytes(128, 512))
        #expect(message(memory: few - 1).hasPrefix(refusal))
        #expect(try QuantizeCheckpoint(job, memory: few).run().layers.count == 14)
        job.output = scratch.url.appending(path: "another")
        // More: enough for 128 × 512 is too little.
        job.calibration = try scratch.tokens(
            [Int64](repeating: 1, count: 120_000), shape: [300, 400], name: "many.safetensors")
        let many = try bytes(300, 400)
        #expect(try many > bytes(128, 512))
        #expect(message(memory: many - 1).hasPrefix(refusal))
        // As many of them as are requested.
        job.recipe.sampling.samples = 40
        #expect(message(memory: try bytes(40, 400) - 1).hasPrefix(refusal))
        // Enough memory: what stops the run now is a length that this model does not take.
        #expect(message(memory: try bytes(40, 400)).hasPrefix("sequences of 400 tokens were requested"))
    }

    @Test func badWeightsAreNamedByTensorAndIndex() throws {
        let scratch = try Scratch()
        let job = try job(scratch)
        let name = "model.layers.1.mlp.up_proj.weight"
        let location = try Checkpoint(directory: job.model).location(of: name)
        let width = location.entry.elementType.bitWidth / 8
        let row = location.entry.shape[1]
        let handle = try FileHandle(forUpdating: URL(filePath: location.file.path))
        // The highest two bytes of row 2, column 3: a NaN in every float type of 16 or 32 bits.
        try handle.seek(toOffset: UInt64(location.entry.byteRange.lowerBound + (2 * row + 3) * width + width - 2))
        try handle.write(contentsOf: [0xff, 0x7f])
        try handle.close()
        let text = message(job)
        #expect(text.contains(name) && text.contains("[2, 3]") && text.contains("nan"), "\(text)")
        #expect(try !scratch.contents.contains { $0.contains("out") })
    }

    /// Seen before any text is read, let alone a block computed.
    @Test func missingTensorsStopTheRunAtOnce() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        let name = "model.layers.1.mlp.down_proj.weight"
        let file = job.model.appending(path: "model.safetensors")
        var bytes = try Data(contentsOf: file)
        let place = try #require(bytes.range(of: Data("layers.1.mlp.down_proj".utf8)))
        bytes.replaceSubrange(place, with: Data("layers.1.mlp.down_xxxx".utf8))
        try bytes.write(to: file)
        job.calibration = scratch.url.appending(path: "nowhere.txt")
        #expect(message(job) == "\(job.model.path): no tensor \(name) in the weights")
        #expect(
            errorText { _ = try EvaluateCheckpoint(model: job.model, text: scratch.text(vocabulary: 60)).run() }
                == "\(job.model.path): no tensor \(name) in the weights")
    }

    @Test func engineErrorsNameTheLayer() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        // Four tokens cannot make a Gram matrix of more inputs positive definite without damping.
        job.recipe.options.factor.damping = 0
        job.recipe.sampling.samples = 1
        job.recipe.sampling.sequenceLength = 4
        let text = message(job)
        #expect(
            text.hasPrefix("model.layers.0.self_attn.q_proj: the damped Gram matrix is not positive definite"),
            "\(text)")
    }

    @Test func outputsThatMayNotBeWritten() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        job.output = job.model
        #expect(message(job).contains("model"))
        job.output = job.model.appending(path: "inside")
        #expect(message(job).contains("inside"))
        job.output = scratch.url
        #expect(message(job) != "nothing was thrown")
        job.output = scratch.url.appending(path: "theirs")
        try FileManager.default.createDirectory(at: job.output, withIntermediateDirectories: false)
        try Data().write(to: job.output.appending(path: "precious"))
        #expect(message(job).contains("theirs"))
        job.overwrite = true
        #expect(message(job).contains("quantization-report.json"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: job.output.path) == ["precious"])
    }

    /// The report lists the output's files, so that a later run replaces those and no others.
    @Test func onlyWhatTheToolWroteIsReplaced() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        try Data("{}".utf8).write(to: job.model.appending(path: "tokenizer_config.json"))
        job.overwrite = true
        let report = try QuantizeCheckpoint(job).run()
        let written = try FileManager.default.contentsOfDirectory(atPath: job.output.path).sorted()
        #expect(report.files == written)
        #expect(written.contains("quantization-report.json") && written.contains("tokenizer_config.json"))
        #expect(try QuantizeCheckpoint(job).run().files == written)
        try Data("mine".utf8).write(to: job.output.appending(path: "mine.txt"))
        #expect(message(job).hasSuffix(": it holds mine.txt, which this tool did not write"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: job.output.path).sorted()
                == (written + ["mine.txt"]).sorted())
        job.output = URL(filePath: "")
        #expect(message(job).contains("the output is the directory that the tool runs in"))
    }

    /// Stopped at each of its steps in turn, a run leaves neither an output nor a partial directory.
    @Test func cancellationLeavesNothing() throws {
        let scratch = try Scratch()
        let job = try job(scratch)
        let before = try scratch.contents
        for step in 0..<200 {
            let patience = Patience(step)
            var observer = RunObserver()
            observer.isCancelled = { patience.isOver }
            do {
                _ = try QuantizeCheckpoint(job, observer: observer).run()
                #expect(step > 10, "a run asks whether to stop only \(step) times")
                return
            } catch {
                #expect("\(error)" == "stopped before the end; no output was written")
                #expect(try scratch.contents == before)
            }
        }
        Issue.record("a run of 14 layers asks more than 200 times whether to stop")
    }
}
