import AdaDimCheckpoint
import AdaDimExport
import AdaDimFormats
import AdaDimPipeline
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRecipe
import AdaDimReports
import AdaDimTestSupport
import Foundation
import Logging
import Testing

/// What a runtime demands is seen to before a run: changed where it was open, refused where it was stated.
@Suite struct RuntimeTests {
    /// A model of 32 × 32 layers but for those of the MLP, 52 wide, in bfloat16.
    private func job(_ scratch: Scratch, _ model: String = "llama", stating names: String...) throws -> QuantizationJob
    {
        var job = try scratch.job(model, samples: 2)
        let file = job.model.appending(path: "config.json")
        try String(contentsOf: file, encoding: .utf8).replacing(
            "\"dtype\": \"float32\"", with: "\"dtype\": \"bfloat16\""
        )
        .write(to: file, atomically: true, encoding: .utf8)
        job.recipe.options = QuantizationOptions(.fast)
        job.recipe.options.method = .roundToNearest
        job.runtime = .vLLM
        for name in names { job.stated.note(name, at: "--\(name)") }
        return job
    }

    private func message(_ job: QuantizationJob) -> String {
        var job = job
        // A run that got as far as the text was found possible.
        job.calibration = URL(filePath: "nowhere.txt")
        return errorText { _ = try QuantizeCheckpoint(job).run() }
    }

    @Test func whatIsOpenIsChangedAndSaid() throws {
        let scratch = try Scratch()
        let job = try job(scratch)
        let notices = Notices()
        let report = try QuantizeCheckpoint(job, log: Logger(label: "test") { _ in notices }).run()
        let options = report.options.recipe
        #expect(options.format == .compressedTensors && options.options.direction.fixedDimension == .perOutputChannel)
        // q, k, v and o; all of the MLP has 52 features on one side.
        #expect(report.layers.count == 8 && report.layers.allSatisfy { $0.denseBecause == nil && $0.bits == 4 })
        let said = notices.texts.filter { $0.hasPrefix("--for vllm: ") }.map { $0.dropFirst("--for vllm: ".count) }
        #expect(
            said == [
                "written as compressed-tensors", "all groups run per-oc",
                "6 layers stay as they are, since vLLM demands sizes in multiples of 32, alike in layers of one input: "
                    + "model.layers.0.mlp.down_proj, model.layers.0.mlp.gate_proj, model.layers.0.mlp.up_proj and 3 more",
            ])
        let config = try String(contentsOf: job.output.appending(path: "config.json"), encoding: .utf8)
        #expect(config.contains("\"strategy\" : \"channel\"") && config.contains("\"dequantize\" : true"))
        #expect(try VerifyCheckpoint(job.output).run().isEqual)
        // The recipe that is written states all of it, and gives the same for the same runtime.
        var again = job
        let file = try RecipeFile(job.output.appending(path: QuantizationReport.recipeName).path)
        (again.recipe, again.stated, again.output) = (
            try file.recipe, file.stated, scratch.url.appending(path: "again")
        )
        _ = try QuantizeCheckpoint(again).run()
        let files = try OutputDirectory.files(in: job.output).filter { !$0.hasPrefix("quantization-report") }
        #expect(files.count > 3)
        for name in files {
            #expect(
                try Data(contentsOf: job.output.appending(path: name))
                    == Data(contentsOf: again.output.appending(path: name)), "\(name)")
        }
    }

    /// Of 52 features no group size does; of 32 and 96 one does.
    @Test func anOpenGroupSize() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        job.recipe.options.grid.groupSize = 24
        #expect(message(job).contains("nowhere.txt"))
        let notices = Notices()
        _ = try QuantizeCheckpoint(job, log: Logger(label: "test") { _ in notices }).run()
        #expect(
            notices.texts.contains(
                "--for vllm: groups of 32 weights, which divide the inputs of every layer; 24 do not"))
        job.stated.note("groupSize", at: "--group-size")
        #expect(
            message(job)
                == "--for vllm: no layer would be packed: layer model.layers.0.self_attn.q_proj: the group size 24 does not "
                + "divide its 32 inputs")
    }

    @Test func whatIsStatedIsRefusedByName() throws {
        func text(stating name: String, _ change: (inout ModelRecipe) -> Void) throws -> String {
            let scratch = try Scratch()
            var job = try job(scratch, stating: name)
            change(&job.recipe)
            return message(job)
        }
        #expect(
            try text(stating: "bits") { $0.options.grid.bits = 3 }
                == "--for vllm: --bits is 3, but vLLM demands 4")
        #expect(
            try text(stating: "dimension") { _ in }
                == "--for vllm: --dimension is adaptive, but vLLM demands per-oc")
        #expect(
            try text(stating: "dimension") { $0.options.direction = .fixed(.perInputChannel) }
                == "--for vllm: --dimension is per-ic, but vLLM demands per-oc")
        #expect(
            try text(stating: "format") { $0.format = .dequantized }
                == "--for vllm: --format is dequantized, but vLLM demands compressed-tensors")
        #expect(
            try text(stating: "groupSize") { $0.options.grid.groupSize = 15 }
                == "--for vllm: --groupSize is 15, but vLLM demands a multiple of 2")
        // Stated as demanded.
        #expect(
            try text(stating: "dimension") { $0.options.direction = .fixed(.perOutputChannel) }.contains("nowhere.txt"))
        // Not stated, the same are changed.
        #expect(try text(stating: "symmetric") { $0.options.grid.bits = 3 }.contains("nowhere.txt"))
    }

    @Test func rulesAreRefusedByName() throws {
        func text(_ yaml: String) throws -> String {
            let scratch = try Scratch()
            let file = scratch.url.appending(path: "recipe.yaml")
            try yaml.write(to: file, atomically: true, encoding: .utf8)
            var job = try job(scratch)
            let recipe = try RecipeFile(file.path)
            (job.recipe, job.stated) = (try recipe.recipe, recipe.stated)
            return message(job).replacingOccurrences(of: scratch.url.path + "/", with: "")
        }
        #expect(
            try text("layers: {\"o_proj\": {bits: 8}}")
                == "--for vllm: recipe.yaml: layers o_proj: bits is 8, but vLLM demands 4")
        #expect(
            try text("layers: {\"o_proj\": {dimension: per-ic}}")
                == "--for vllm: recipe.yaml: layers o_proj: dimension is per-ic, but vLLM demands per-oc")
        #expect(try text("bits: 2") == "--for vllm: recipe.yaml: bits is 2, but vLLM demands 4")
        let differ =
            "--for vllm: layers model.layers.0.self_attn.q_proj and model.layers.0.self_attn.k_proj have the same input, so "
            + "vLLM needs one scheme for both: the first would have "
        #expect(
            try text("layers: {\"k_proj\": {groupSize: 16}}")
                == differ
                + "4 bits, groups of 32 per-oc, asymmetric, the second 4 bits, groups of 16 per-oc, asymmetric; see "
                + "recipe.yaml: layers k_proj")
        #expect(
            try text("layers: {\"model.layers.0.self_attn.k_proj\": {skip: true}}")
                == differ
                + "4 bits, groups of 32 per-oc, asymmetric, the second plain numbers; see recipe.yaml: layers "
                + "model.layers.0.self_attn.k_proj")
        // o has no siblings.
        #expect(try text("layers: {o_proj: {groupSize: 16}}").contains("nowhere.txt"))
    }

    /// Scales are in the type that the model is loaded in, and the user has no say in it.
    @Test func modelsInFloat32() throws {
        let scratch = try Scratch()
        var job = try scratch.job("llama", samples: 2)
        job.runtime = .vLLM
        #expect(
            message(job)
                == "--for vllm: layer model.layers.0.self_attn.q_proj: vLLM cannot hold it: it would have scales in float32, "
                + "expected bfloat16 or float16")
    }
}
