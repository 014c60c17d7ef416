import AdaDimCheckpoint
import AdaDimExport
import AdaDimFormats
import AdaDimPipeline
import AdaDimRecipe
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

/// A decoder saved alone, as embedding models are: quantized and inspected, refused by what needs an output projection.
@Suite struct ModelsWithoutHeadTests {
    private func job(_ scratch: Scratch) throws -> QuantizationJob {
        let model = try scratch.copyOfModel("mistral-window")
        let file = model.appending(path: "model.safetensors")
        let tensors = try Checkpoint(directory: model).files.flatMap { file in
            file.tensors.compactMap { entry in
                entry.name == "lm_head.weight"
                    ? nil
                    : TestTensor(
                        String(entry.name.dropFirst("model.".count)), entry.elementType, entry.shape,
                        bytes: file.withBytes(of: entry) { [UInt8]($0) })
            }
        }
        try FileManager.default.removeItem(at: file)
        try writeSafetensors(tensors, to: file.path)
        var job = QuantizationJob(
            model: model, output: scratch.url.appending(path: "out"), calibration: try scratch.text(vocabulary: 61),
            recipe: ModelRecipe(.fast))
        job.recipe.options.grid.bits = 3
        job.recipe.options.grid.groupSize = 4
        job.recipe.sampling.samples = 12
        job.recipe.sampling.sequenceLength = 16
        return job
    }

    @Test(arguments: [ExportFormat.dequantized, .compressedTensors]) func quantizedUnderTheirNames(
        _ format: ExportFormat
    ) throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        job.recipe.format = format
        job.recipe.rules = [.skipping("q_proj", source: "--skip")]
        let report = try QuantizeCheckpoint(job).run()
        #expect(report.layers.first?.name == "model.layers.0.self_attn.k_proj")
        let original = try Checkpoint(directory: job.model)
        let output = try Checkpoint(directory: job.output, allowingQuantized: true)
        #expect(
            output.tensorNames.allSatisfy { $0.hasPrefix("layers.") || $0.hasPrefix("embed") || $0 == "norm.weight" })
        #expect(output.contains("model.layers.1.self_attn.q_proj.weight"))
        let up = "model.layers.1.mlp.up_proj.weight"
        #expect(try output.matrix(up) != original.matrix(up))

        let inspection = try InspectCheckpoint(InspectionJob(job)).run()
        #expect(inspection.layers.map(\.name) == report.layers.map(\.name))

        for model in [job.model, job.output] {
            let refusal =
                "\(model.path): no output projection, which perplexity, comparisons and multiple choice need: "
            let text = try scratch.text(vocabulary: 61)
            #expect(errorText { _ = try EvaluateCheckpoint(model: model, text: text).run() }.hasPrefix(refusal))
            let others = CompareCheckpoints(original: model, variants: [job.model, job.output], text: text)
            #expect(errorText { _ = try others.run() }.hasPrefix(refusal))
        }
    }
}
