import AdaDimCheckpoint
import AdaDimPipeline
import AdaDimQuantization
import AdaDimRecipe
import AdaDimReports
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

/// What the report says of Gram matrices that are not as they should be.
@Suite struct DampingTests {
    private func job(_ scratch: Scratch) throws -> QuantizationJob { try scratch.job("qwen2", samples: 6) }

    /// A norm weight of zero silences an input of q, k and v: counted there and nowhere else, and no obstacle.
    @Test(arguments: [0.01, 0.1])
    func inactiveInputsAreCounted(_ damping: Double) throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        job.recipe.options.factor.damping = damping
        let location = try Checkpoint(directory: job.model).location(of: "model.layers.0.input_layernorm.weight")
        let width = location.entry.elementType.bitWidth / 8
        let handle = try FileHandle(forUpdating: URL(filePath: location.file.path))
        try handle.seek(toOffset: UInt64(location.entry.byteRange.lowerBound + 5 * width))
        try handle.write(contentsOf: [UInt8](repeating: 0, count: width))
        try handle.close()
        let report = try QuantizeCheckpoint(job).run()
        for layer in report.layers {
            let isSilenced = ["q_proj", "k_proj", "v_proj"].contains { layer.name == "model.layers.0.self_attn.\($0)" }
            #expect(layer.inactiveInputs == (isSilenced ? 1 : 0), "\(layer.name)")
        }
    }

    /// Four tokens give H a rank of four: a damping below what Float resolves is raised. The report has each raise,
    /// and the damping that was used in the end.
    @Test func raisesAreReported() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        job.recipe.sampling.samples = 1
        job.recipe.sampling.sequenceLength = 4
        job.recipe.options.factor.damping = 1e-10
        let report = try QuantizeCheckpoint(job).run()
        let raised = report.layers.filter { !$0.dampingRaises.isEmpty }
        #expect(!raised.isEmpty)
        for layer in raised {
            #expect(layer.dampingRaises.first?.share == 1e-10)
            let last = try #require(layer.dampingRaises.last)
            #expect(abs(layer.dampingShare / last.share - 10) < 1e-12)
            #expect(layer.dampingRaises.allSatisfy { (0..<layer.shape[1]).contains($0.failedInput) })
        }
        let text = try String(contentsOf: job.output.appending(path: QuantizationReport.fileName), encoding: .utf8)
        #expect(text.contains("\"dampingRaises\" : [\n"))
    }
}
