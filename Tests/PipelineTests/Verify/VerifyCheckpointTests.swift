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

    /// Sets the bits of one number of 16 bits.
    private func put(_ bits: UInt16, into name: String, at index: Int, of directory: URL) throws {
        let place = try Checkpoint(directory: directory, allowingQuantized: true).location(of: name)
        #expect(place.entry.elementType == .bfloat16)
        let file = try FileHandle(forUpdating: URL(filePath: place.file.path))
        try file.seek(toOffset: UInt64(place.entry.byteRange.lowerBound + 2 * index))
        try file.write(contentsOf: withUnsafeBytes(of: bits.littleEndian) { Data($0) })
        try file.close()
    }

    /// NaN in tensors that are plain numbers: those with the same bits are the same, and are named.
    @Test(arguments: [ExportFormat.compressedTensors, .mlx, .dequantized])
    func numbersThatAreNone(_ format: ExportFormat) throws {
        let scratch = try Scratch()
        var job = try scratch.job("qwen2", samples: 2)
        job.recipe.options.method = .roundToNearest
        job.recipe.options.direction = .fixed(.perOutputChannel)
        job.recipe.options.grid.groupSize = 32
        job.recipe.format = format
        var outputs: [URL] = []
        for name in ["one", "other"] {
            job.output = scratch.url.appending(path: name)
            _ = try QuantizeCheckpoint(job).run()
            outputs.append(job.output)
        }
        let (table, norm) = ("model.embed_tokens.weight", "model.norm.weight")
        let columns = try Checkpoint(directory: outputs[0], allowingQuantized: true).shape(ofWeight: table)[1]
        for output in outputs {
            try put(0x7fc1, into: table, at: 2 * columns + 5, of: output)
            try put(0xff80, into: table, at: 4 * columns, of: output)
            try put(0x7fc0, into: norm, at: 3, of: output)
        }
        let same = try VerifyCheckpoint(outputs[0], against: outputs[1]).run()
        #expect(same.isEqual, "\(same)")
        #expect(
            same.notFinite == [
                "\(table): NaN at [2, 5], and 1 more numbers that are not finite", "\(norm): NaN at [0, 3]",
            ])

        // Another NaN, and a number in place of one.
        try put(0x7fc2, into: table, at: 2 * columns + 5, of: outputs[1])
        try put(0x3f80, into: norm, at: 3, of: outputs[1])
        let result = try VerifyCheckpoint(outputs[0], against: outputs[1]).run()
        #expect(!result.isEqual && result.kinds.allSatisfy { $0.reader.count == 0 })
        let found = result.kinds.filter { $0.other.count > 0 }
        #expect(found.map(\.name) == ["embed_tokens", "norm"] && found.allSatisfy { $0.other.count == 1 })
        #expect(found.map(\.other.place) == ["\(table) [2, 5]", "\(norm) [0, 3]"])
        #expect(found.allSatisfy { $0.other.largest == .greatestFiniteMagnitude })
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
