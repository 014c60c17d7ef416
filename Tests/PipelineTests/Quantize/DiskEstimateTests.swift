import AdaDimCheckpoint
import AdaDimExport
import AdaDimFiles
import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimPipeline
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRecipe
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

/// What a run will write is known before it computes anything, and refused where there is no room for it.
@Suite struct DiskEstimateTests {
    private func job(_ scratch: Scratch) throws -> QuantizationJob {
        var job = try scratch.job("qwen2", samples: 4)
        job.recipe.options.method = .roundToNearest
        job.overwrite = true
        return job
    }

    private func estimate(_ job: QuantizationJob) throws -> Int {
        let checkpoint = try Checkpoint(directory: job.model)
        let plan = try LayerPlan(job.recipe, checkpoint.configuration, scaleType: checkpoint.scaleType)
        return try DiskEstimate(checkpoint, job.recipe.format, plan).bytes
    }

    /// Tensors and files to the byte, in either format and direction; headers and the report are left out, and what is set
    /// in config.json.
    @Test(arguments: [ExportFormat.dequantized, .compressedTensors], [8, 24, nil] as [Int?])
    func asMuchAsIsWritten(_ format: ExportFormat, _ groupSize: Int?) throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        try FileManager.default.createDirectory(
            at: job.model.appending(path: "folder"), withIntermediateDirectories: false)
        try Data(repeating: 1, count: 1234).write(to: job.model.appending(path: "folder/file.txt"))
        job.recipe.format = format
        job.recipe.options.grid.groupSize = groupSize
        job.recipe.rules = [.skipping("model.layers.0.mlp.*", source: "--skip")]
        for dimension in ChannelDimension.allCases {
            job.recipe.options.direction = .fixed(dimension)
            #expect(try estimate(job) == written(job), "\(dimension)")
        }
        // Nobody knows yet which direction a layer takes.
        job.recipe.options.direction = .adaptive(by: .roundToNearest)
        let bound = try estimate(job)
        #expect(try bound <= written(job))
        job.recipe.options.direction = .fixed(.perInputChannel)
        #expect(try bound <= estimate(job))
    }

    /// Bytes of tensors and files that a run writes.
    private func written(_ job: QuantizationJob) throws -> Int {
        let report = try QuantizeCheckpoint(job).run()
        var bytes = 0
        for path in report.files where !path.hasPrefix("quantization-") {
            let file = job.output.appending(path: path).path
            if path.hasSuffix(".safetensors") {
                bytes += try SafetensorsFile(path: file).tensors.reduce(0) { $0 + $1.byteRange.count }
            } else if path == "config.json" {
                bytes += try FileStatus(job.model.appending(path: path).path).bytes
            } else {
                bytes += try FileStatus(file).bytes
            }
        }
        return bytes
    }

    @Test func tooLittleSpaceIsRefusedAtOnce() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        let needed = try estimate(job)
        // Nothing of the text is read.
        job.calibration = scratch.url.appending(path: "nowhere.txt")
        let asked = Asked()
        func message(_ free: Int?) -> String {
            errorText {
                _ = try QuantizeCheckpoint(
                    job,
                    freeSpace: {
                        asked.directory = $0
                        return free
                    }
                ).run()
            }
        }
        let refused = message(needed - 1)
        #expect(
            refused.hasPrefix(
                "the output needs at least \(needed) bytes of disk space ("), "\(refused)")
        #expect(refused.contains("), the file system of \(asked.directory) has \(needed - 1) left ("), "\(refused)")
        #expect(refused.hasSuffix("; an output that is replaced stays until the end"))
        #expect(realPath(asked.directory) == realPath(scratch.url.path))
        for free in [needed, nil] { #expect(message(free).contains("nowhere.txt: cannot be read")) }
        #expect(try scratch.contents == ["qwen2", "tokens.safetensors"])
    }

    private final class Asked: @unchecked Sendable {
        var directory = ""
    }

    /// One after another: each is there beside those before it, and beside the one that it replaces.
    @Test func outputsThatAreKept() throws {
        let scratch = try Scratch()
        let jobs = try [ExportFormat.dequantized, .compressedTensors].map { format in
            var job = try job(scratch.emptied)
            job.recipe.format = format
            job.output = scratch.url.appending(path: format.rawValue)
            return job
        }
        let sizes = try jobs.map(estimate)
        #expect(try DiskEstimate(keeping: jobs).bytes == sizes[0] + sizes[1])
        try FileManager.default.createDirectory(at: jobs[0].output, withIntermediateDirectories: false)
        try Data(repeating: 0, count: sizes[1] / 2).write(to: jobs[0].output.appending(path: "old"))
        #expect(try DiskEstimate(keeping: jobs).bytes == sizes[0] + sizes[1] - sizes[1] / 2)
        try Data(repeating: 0, count: sizes[1] * 2).write(to: jobs[0].output.appending(path: "old"))
        #expect(try DiskEstimate(keeping: jobs).bytes == sizes[0])
    }

    @Test func inspectionsAndLayersToo() throws {
        let scratch = try Scratch()
        var job = InspectionJob(try job(scratch))
        job.report = scratch.url.appending(path: "report")
        #expect(
            errorText { _ = try InspectCheckpoint(job, freeSpace: { _ in 10 }).run() }
                .hasPrefix("the output needs at least "))
        _ = try InspectCheckpoint(job).run()
        let channels = try SafetensorsFile(path: scratch.url.appending(path: "report/channels.safetensors").path)
        let bytes = channels.tensors.reduce(0) { $0 + $1.byteRange.count }
        job.overwrite = true
        #expect(
            errorText { _ = try InspectCheckpoint(job, freeSpace: { _ in bytes - 1 }).run() }
                .hasPrefix("the output needs at least \(bytes) bytes of disk space"))
        job.report = nil
        #expect(try InspectCheckpoint(job, freeSpace: { _ in 10 }).run().layers.count == 14)

        let input = scratch.url.appending(path: "layer.safetensors").path
        try writeSafetensors(
            [
                TestTensor("weight", .float32, [8, 16], (0..<128).map { Float($0 % 7) }),
                TestTensor("activations", .float32, [32, 16], (0..<512).map { Float($0 * $0 % 11) }),
            ], to: input)
        var layer = LayerJob(input: input, output: scratch.url.appending(path: "quantized.safetensors").path)
        layer.writesDequantized = true
        #expect(
            errorText { _ = try QuantizeLayerFile(layer, freeSpace: { _ in 639 }).run() }
                .hasPrefix("the output needs at least 640 bytes of disk space"))
        layer.isPacked = true
        #expect(
            errorText { _ = try QuantizeLayerFile(layer, freeSpace: { _ in 575 }).run() }
                .hasPrefix("the output needs at least 576 bytes of disk space"))
        layer.output = nil
        _ = try QuantizeLayerFile(layer, freeSpace: { _ in 0 }).run()
    }
}

extension Scratch {
    /// The same directory, with nothing in it.
    fileprivate var emptied: Scratch {
        get throws {
            for name in try contents { try FileManager.default.removeItem(at: url.appending(path: name)) }
            return self
        }
    }
}
