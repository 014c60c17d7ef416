import AdaDimCheckpoint
import AdaDimFormats
import AdaDimPipeline
import AdaDimQuantization
import AdaDimTestSupport
import Foundation
import Testing

/// The second reader finds what the first finds, and differences by their place.
@Suite struct VerifyCheckpointTests {
    /// The same run in both forms.
    private func outputs(_ scratch: Scratch, model: String = "qwen2") throws -> (packed: URL, dense: URL) {
        var job = try scratch.job(model, samples: 2)
        job.recipe.options.method = .roundToNearest
        job.recipe.options.direction = .adaptive(by: .roundToNearest)
        // up_proj of 52 outputs stays dense in one direction, and is packed in the other.
        job.recipe.options.grid.groupSize = 16
        job.recipe.format = .compressedTensors
        job.output = scratch.url.appending(path: "packed")
        _ = try QuantizeCheckpoint(job).run()
        let dense = scratch.url.appending(path: "dense")
        _ = try ConvertCheckpoint(ConversionJob(model: job.output, output: dense, format: .dequantized)).run()
        return (job.output, dense)
    }

    @Test(arguments: ["qwen2", "llama"]) func everyNumberIsTheSame(_ model: String) throws {
        let scratch = try Scratch()
        let (packed, dense) = try outputs(scratch, model: model)
        let numbers = try Checkpoint(directory: dense).files.flatMap(\.tensors).reduce(0) { $0 + $1.shape.reduce(1, *) }
        for (one, other, format) in [(packed, dense, "compressed-tensors"), (dense, packed, "plain numbers")] {
            let result = try VerifyCheckpoint(one, against: other).run()
            #expect(result.isEqual && result.format == format && result.missing.isEmpty, "\(result)")
            #expect(result.kinds.reduce(0) { $0 + $1.numbers } == numbers)
            let query = try #require(result.kinds.first { $0.name == "q_proj" })
            #expect(query.tensors == 2 && query.packed == (one == packed ? 2 : 0))
            #expect(result.kinds.contains { $0.name == "embed_tokens" && $0.packed == 0 })
        }
        #expect(try VerifyCheckpoint(packed).run().isEqual)
        #expect(try !VerifyCheckpoint(packed).run().comparesOther)
    }

    /// One bit of one code, one scale: found where it is.
    @Test func differencesAreFound() throws {
        let scratch = try Scratch()
        let (packed, dense) = try outputs(scratch)
        let checkpoint = try Checkpoint(directory: packed, allowingQuantized: true)
        let name = "model.layers.1.self_attn.o_proj.weight"
        let before = try checkpoint.matrix(name)
        let codes = try checkpoint.location(of: "model.layers.1.self_attn.o_proj.weight_packed")
        // Row 2, column 5: four bits each, 16 bytes a row.
        let place = codes.entry.byteRange.lowerBound + 2 * 16 + 2
        let file = try FileHandle(forUpdating: URL(filePath: codes.file.path))
        try file.seek(toOffset: UInt64(place))
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: UInt64(place))
        try file.write(contentsOf: [byte ^ 0x10])
        try file.close()
        let after = try Checkpoint(directory: packed, allowingQuantized: true).matrix(name)
        let step = abs(after[2, 5] - before[2, 5])
        #expect(step > 0)

        let result = try VerifyCheckpoint(packed, against: dense).run()
        let output = try #require(result.kinds.first { $0.name == "o_proj" })
        #expect(!result.isEqual && output.reader.count == 0)
        #expect(
            output.other.count == 1 && output.other.largest == Double(step) && output.other.place == "\(name) [2, 5]")
        #expect(result.kinds.filter { $0.other.count > 0 }.map(\.name) == ["o_proj"])
    }

    @Test func missingTensors() throws {
        let scratch = try Scratch()
        let (packed, dense) = try outputs(scratch)
        let file = dense.appending(path: "model.safetensors")
        var bytes = try Data(contentsOf: file)
        let range = try #require(bytes.range(of: Data("layers.1.mlp.down_proj".utf8)))
        bytes.replaceSubrange(range, with: Data("layers.1.mlp.down_xxxx".utf8))
        try bytes.write(to: file)
        let result = try VerifyCheckpoint(packed, against: dense).run()
        #expect(!result.isEqual)
        #expect(
            result.missing == [
                "model.layers.1.mlp.down_proj.weight: not found in the other model",
                "model.layers.1.mlp.down_xxxx.weight: not found by the second path and by the reader",
            ])
    }
}
