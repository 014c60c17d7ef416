import AdaDimInspection
import AdaDimPipeline
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRecipe
import AdaDimReports
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

/// A model directory in, everything there is to see of its layers out.
@Suite struct InspectCheckpointTests {
    private func job(_ scratch: Scratch, model name: String = "llama") throws -> InspectionJob {
        var layers = try scratch.job(name, samples: 12, output: "quantized")
        layers.recipe.options.grid.bits = 3
        return InspectionJob(layers)
    }

    @Test(arguments: ["llama", "llama-biases", "mistral-window", "qwen2", "qwen3"])
    func lossesAndChoicesAreThoseOfQuantizing(_ model: String) throws {
        let scratch = try Scratch()
        var job = try job(scratch, model: model)
        let report = try InspectCheckpoint(job).run()
        job.layers.recipe.propagation = .original
        job.layers.recipe.options.direction.selection = .sweep
        let swept = try QuantizeCheckpoint(job.layers).run()
        job.layers.recipe.options.direction.selection = .roundToNearest
        job.layers.overwrite = true
        let rounded = try QuantizeCheckpoint(job.layers).run()
        #expect(report.layers.count == swept.layers.count)
        for (layer, (bySweep, byRounding)) in zip(report.layers, zip(swept.layers, rounded.layers)) {
            #expect(layer.name == bySweep.name && layer.shape == bySweep.shape)
            #expect(layer.dimension == bySweep.dimension)
            #expect(layer.dimensionByRoundToNearest == byRounding.dimension)
            for dimension in ChannelDimension.allCases.map(\.rawValue) {
                #expect(layer.losses[dimension]?.gptq == bySweep.losses[dimension]?.gptq)
                #expect(layer.losses[dimension]?.rtn == byRounding.losses[dimension]?.rtn)
            }
            #expect(report.inputs[layer.input].layers.contains(layer.name))
        }
        // Nothing was written for want of a report.
        #expect(try scratch.contents == [model, "quantized", "tokens.safetensors"].sorted())
    }

    @Test func theDirectoryHoldsTheSameForMachines() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        let directory = scratch.url.appending(path: "report")
        job.report = directory
        let report = try InspectCheckpoint(job).run()
        let found = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        #expect(found == report.files && found.contains("layers.csv") && found.contains("channels.safetensors"))

        let data = try Data(contentsOf: directory.appending(path: InspectionReport.fileName))
        let read = try JSONDecoder().decode(InspectionReport.self, from: data)
        #expect(read.layers.map(\.verdict) == report.layers.map(\.verdict))

        // The details of every layer are on the page, under names that occur once.
        let page = try String(contentsOf: directory.appending(path: InspectionReport.pageName), encoding: .utf8)
        #expect(page.hasSuffix("</html>\n") || page.hasSuffix("</html>"))
        for (index, layer) in report.layers.enumerated() {
            let piece = page.split(separator: "<template id=\"details-\(index)\">")
            #expect(piece.count == 2 && piece[1].prefix(200).contains(String(layer.verdict.prefix(20))))
            #expect(page.contains("data-details=\"details-\(index)\""))
        }
        let names = page.matches(of: /\sid="([^"]+)"/).map(\.output.1)
        #expect(names.count > 3 * report.layers.count && Set(names).count == names.count)

        let lines = try String(contentsOf: directory.appending(path: "layers.csv"), encoding: .utf8)
            .split(separator: "\n")
        #expect(lines.count == report.layers.count + 1)
        #expect(lines[1].hasPrefix(report.layers[0].name + ",\(report.layers[0].shape[0]),"))

        let channels = try SafetensorsFile(path: directory.appending(path: "channels.safetensors").path)
        // Six figures of every input, and two sides of two measures of every layer.
        #expect(channels.tensors.count == 6 * report.inputs.count + 4 * report.layers.count)
        for input in report.inputs {
            let largest = try doubles(channels, "\(input.layers[0]).input.max")
            #expect(largest.count == input.channels && largest[input.largestChannel] == input.largest)
        }
        for layer in report.layers {
            let outputs = try doubles(channels, "\(layer.name).sensitivity.inverse_hessian.outputs")
            let inputs = try doubles(channels, "\(layer.name).sensitivity.inverse_hessian.inputs")
            #expect(outputs.count == layer.shape[0] && inputs.count == layer.shape[1])
            // Two sums of the same numbers.
            let (byOutput, byInput) = (outputs.reduce(0, +), inputs.reduce(0, +))
            #expect(abs(byOutput / byInput - 1) < 1e-6)
            #expect(layer.sensitivity(.inverseHessian)?.topInputs == Sensitivity.TopShare(of: inputs))
        }

        // Refused once it exists, replaced on request, and only what this command wrote.
        #expect(throws: (any Error).self) { try InspectCheckpoint(job).run() }
        job.overwrite = true
        _ = try InspectCheckpoint(job).run()
        job.report = job.layers.output
        _ = try QuantizeCheckpoint(job.layers).run()
        #expect(throws: (any Error).self) { try InspectCheckpoint(job).run() }
    }

    private func doubles(_ file: SafetensorsFile, _ name: String) throws -> [Double] {
        try file.withBytes(of: name) { Array($0.bindMemory(to: Double.self)) }
    }

    @Test func skippedLayersAreNotLookedAt() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        job.layers.recipe.rules = [.skipping("q_proj", source: "--skip"), .skipping("down_proj", source: "--skip")]
        job.report = scratch.url.appending(path: "report")
        let report = try InspectCheckpoint(job).run()
        #expect(report.layers.allSatisfy { !$0.name.hasSuffix("q_proj") && !$0.name.hasSuffix("down_proj") })
        #expect(report.inputs.allSatisfy { !$0.layers.isEmpty })
        #expect(report.totals.layers == report.layers.count && report.totals.inputs == report.inputs.count)
    }

    /// Stopped at each of its steps in turn, it leaves neither a report nor a partial directory.
    @Test func stoppingLeavesNothing() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        job.report = scratch.url.appending(path: "report")
        let before = try scratch.contents
        for step in 0..<200 {
            let patience = Patience(step)
            var observer = RunObserver()
            observer.isCancelled = { patience.isOver }
            do {
                _ = try InspectCheckpoint(job, observer: observer).run()
                #expect(step > 10, "an inspection asks whether to stop only \(step) times")
                return
            } catch {
                #expect("\(error)" == "stopped before the end; no output was written")
                #expect(try scratch.contents == before)
            }
        }
        Issue.record("an inspection of 14 layers asks more than 200 times whether to stop")
    }

    @Test func tooLittleMemoryIsRefusedBeforehand() throws {
        let scratch = try Scratch()
        let job = try job(scratch)
        #expect(throws: PipelineError.self) { try InspectCheckpoint(job, memory: 1000).run() }
    }
}
