import AdaDimCheckpoint
import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimPipeline
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRecipe
import AdaDimReports
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

/// From every packed format to every format, without a change of any number.
@Suite struct ConvertCheckpointTests {
    static let packed = ExportFormat.allCases.filter { $0.packing is any ReadablePackedFormat }

    private func quantized(
        _ scratch: Scratch, _ format: ExportFormat, bits: Int, _ direction: QuantizationOptions.Direction,
        symmetric: Bool, groupSize: Int? = 4
    ) throws -> QuantizationJob {
        var job = try scratch.job("llama", samples: 2)
        job.recipe.options.method = .roundToNearest
        job.recipe.options.grid.bits = bits
        job.recipe.options.grid.groupSize = groupSize
        job.recipe.options.grid.isSymmetric = symmetric
        job.recipe.options.direction = direction
        job.recipe.format = format
        job.recipe.rules = [.skipping("model.layers.1.mlp.up_proj", source: "--skip")]
        return job
    }

    @Test(arguments: [2, 3, 4, 8], [true, false])
    func everyPair(_ bits: Int, _ symmetric: Bool) throws {
        // Of 4 for what holds any, of 32 for all.
        for groupSize in [4, 32] { try everyPair(bits, symmetric, groupSize: groupSize) }
    }

    private func everyPair(_ bits: Int, _ symmetric: Bool, groupSize: Int) throws {
        let directions = ChannelDimension.allCases.map { QuantizationOptions.Direction.fixed($0) }
        for direction in directions + [.adaptive(by: .roundToNearest)] {
            for format in Self.packed {
                let scratch = try Scratch()
                let job = try quantized(
                    scratch, format, bits: bits, direction, symmetric: symmetric, groupSize: groupSize)
                // Without one there is no GGUF file.
                try Data(SmallTokenizer.json.utf8).write(to: job.model.appending(path: "tokenizer.json"))
                // A format that cannot hold such layers has nothing to convert.
                guard (try? QuantizeCheckpoint(job).run()) != nil else { continue }
                let input = try Checkpoint(directory: job.output, allowingQuantized: true)
                for target in ExportFormat.allCases {
                    let output = scratch.url.appending(path: "to-\(target.name)")
                    var conversion = ConversionJob(model: job.output, output: output, format: target)
                    conversion.allowsDense = true
                    let done = try ConvertCheckpoint(conversion).run()
                    // A layer whose last group is short was plain numbers before.
                    #expect(done.layers.count == input.packedLayers?.count)
                    let converted = try Checkpoint(directory: output, allowingQuantized: true)
                    try expectSame(
                        input, converted, dense: Set(done.dense.map(\.layer)), isPacked: target.packing != nil)
                    // Of a model in float32 nothing has to be rounded.
                    #expect(done.rounded.isEmpty)
                    #expect(
                        try VerifyCheckpoint(output, against: job.output).run().isEqual, "\(format.name) \(target.name)"
                    )
                }
            }
        }
    }

    /// The same codes where the layer is packed, the same numbers in any case.
    private func expectSame(_ one: Checkpoint, _ two: Checkpoint, dense: Set<LinearLayer>, isPacked: Bool) throws {
        for layer in one.configuration.layers {
            #expect(try one.matrix(layer.weightName) == two.matrix(layer.weightName), "\(layer.moduleName)")
            guard isPacked, !dense.contains(layer) else {
                #expect(two.packedLayers?[layer.moduleName] == nil)
                continue
            }
            #expect(try one.quantized(layer) == two.quantized(layer), "\(layer.moduleName)")
        }
    }

    /// A conversion writes what the run itself would have written, tensor by tensor and in the same order.
    @Test func asTheRunWouldHaveWritten() throws {
        let scratch = try Scratch()
        var job = try quantized(
            scratch, .compressedTensors, bits: 3, .fixed(.perOutputChannel), symmetric: false)
        _ = try QuantizeCheckpoint(job).run()
        let converted = scratch.url.appending(path: "converted")
        _ = try ConvertCheckpoint(ConversionJob(model: job.output, output: converted, format: .dequantized)).run()
        let packed = job.output
        job.output = scratch.url.appending(path: "dense")
        job.recipe.format = .dequantized
        try FileManager.default.removeItem(at: job.model)
        let written = try QuantizeCheckpoint(
            scratch.job("llama", samples: 2).with(job.recipe, output: job.output)
        ).run()
        func data(_ directory: URL, _ name: String) throws -> Data {
            try Data(contentsOf: directory.appending(path: name))
        }
        #expect(
            try data(converted, "model.safetensors.index.json") == data(job.output, "model.safetensors.index.json"))
        // Headers have room for what the tensors might have become, which differs.
        func tensors(_ directory: URL, _ name: String) throws -> [(String, [UInt8])] {
            let file = try SafetensorsFile(path: directory.appending(path: name).path)
            return file.tensors.map { tensor in
                (
                    "\(tensor.name) \(tensor.elementType) \(tensor.shape)",
                    file.withBytes(of: tensor) { [UInt8]($0) }
                )
            }
        }
        let shards = written.files.filter { $0.hasSuffix(".safetensors") }
        #expect(shards.count == 3)
        for name in shards {
            let (one, two) = (try tensors(converted, name), try tensors(job.output, name))
            #expect(one.map(\.0) == two.map(\.0) && one.map(\.1) == two.map(\.1), "\(name)")
        }
        func report(_ directory: URL) throws -> QuantizationReport {
            try JSONDecoder().decode(QuantizationReport.self, from: data(directory, QuantizationReport.fileName))
        }
        let carried = try report(converted)
        #expect(carried.files == written.files)
        #expect(carried.options == written.options)
        #expect(carried.totals.bitsPerWeight == written.totals.bitsPerWeight)
        #expect(carried.totals.packedBitsPerWeight == written.totals.packedBitsPerWeight)
        #expect(carried.layers.map(\.loss) == written.layers.map(\.loss))
        #expect(try carried.totals.seconds == report(packed).totals.seconds)
        let recipe = String(decoding: try data(converted, QuantizationReport.recipeName), as: UTF8.self)
        #expect(recipe.contains("\nformat: dequantized\n") && recipe.contains("it was converted afterwards"))
        // And back is not possible: the codes are gone.
        #expect(
            errorText {
                _ = try ConvertCheckpoint(
                    ConversionJob(model: converted, output: packed, format: .compressedTensors)
                ).run()
            }
                == "\(converted.path): no packed layers, expected a directory that 'adadim quantize' or 'adadim convert' "
                + "wrote in a packed format")
        // A conversion's output is this tool's to replace.
        var again = ConversionJob(model: packed, output: converted, format: .compressedTensors)
        again.overwrite = true
        #expect(try ConvertCheckpoint(again).run().dense.isEmpty)
        #expect(try Checkpoint(directory: converted, allowingQuantized: true).packedLayers?.count == 13)
    }

    /// A layer that the format does not hold is named; with --allow-dense it becomes plain numbers with the same values.
    @Test func layersThatCannotBeHeld() throws {
        let scratch = try Scratch()
        let job = try quantized(scratch, .compressedTensors, bits: 4, .fixed(.perInputChannel), symmetric: false)
        _ = try QuantizeCheckpoint(job).run()
        let strict = ExportFormat(
            name: "strict", help: "", packing: RestrictedFormat(SchemeLimits(directions: [.perOutputChannel])))
        let output = scratch.url.appending(path: "strict")
        var conversion = ConversionJob(model: job.output, output: output, format: strict)
        #expect(
            errorText { _ = try ConvertCheckpoint(conversion).run() }
                == "layer model.layers.0.self_attn.q_proj: strict cannot hold it as it is: it has groups that run per-ic, "
                + "expected per-oc; --allow-dense writes such layers as plain numbers")
        #expect(!FileManager.default.fileExists(atPath: output.path))
        conversion.allowsDense = true
        let done = try ConvertCheckpoint(conversion).run()
        #expect(done.dense.count == 13 && done.bitsPerWeight == 32)
        #expect(done.dense.allSatisfy { $0.denseBecause == "it has groups that run per-ic, expected per-oc" })
        let (input, dense) = (
            try Checkpoint(directory: job.output, allowingQuantized: true), try Checkpoint(directory: output)
        )
        try expectSame(input, dense, dense: Set(done.dense.map(\.layer)), isPacked: true)
    }

    /// What a format loses of a layer's numbers counts like a scheme that it cannot hold.
    @Test func numbersThatWouldChange() throws {
        let scratch = try Scratch()
        let job = try quantized(scratch, .compressedTensors, bits: 4, .fixed(.perOutputChannel), symmetric: true)
        _ = try QuantizeCheckpoint(job).run()
        let output = scratch.url.appending(path: "lossy")
        let lossy = ExportFormat(name: "lossy", help: "", packing: RestrictedFormat(SchemeLimits(), losing: "k_proj"))
        var conversion = ConversionJob(model: job.output, output: output, format: lossy)
        #expect(
            errorText { _ = try ConvertCheckpoint(conversion).run() }
                == "layer model.layers.0.self_attn.k_proj: lossy cannot hold it as it is: its scales would be rounded; "
                + "--allow-dense writes such layers as plain numbers")
        #expect(!FileManager.default.fileExists(atPath: output.path))
        conversion.allowsDense = true
        #expect(try ConvertCheckpoint(conversion).run().dense.map(\.layer.role) == ["k_proj", "k_proj"])
    }

    /// Numbers that a 16-bit type does not hold are not rounded in silence.
    @Test(arguments: [ExportFormat.gguf, .mlx]) func plainNumbersHaveTheModelsType(_ format: ExportFormat) throws {
        let scratch = try Scratch()
        var job = try scratch.job("mistral-window", samples: 2)
        try Data(SmallTokenizer.json.utf8).write(to: job.model.appending(path: "tokenizer.json"))
        job.recipe.options.grid.bits = 8
        job.recipe.options.grid.isSymmetric = true
        job.recipe.options.grid.groupSize = 32
        job.recipe.options.direction = .fixed(.perOutputChannel)
        job.recipe.format = format
        _ = try QuantizeCheckpoint(job).run()
        let output = scratch.url.appending(path: "plain")
        var conversion = ConversionJob(model: job.output, output: output, format: .dequantized)
        #expect(
            errorText { _ = try ConvertCheckpoint(conversion).run() }
                == "layer model.layers.0.self_attn.q_proj: dequantized cannot hold it as it is: plain numbers are bfloat16, and "
                + "its values are not; --allow-dense writes such layers as plain numbers")
        #expect(!FileManager.default.fileExists(atPath: output.path))
        conversion.allowsDense = true
        let done = try ConvertCheckpoint(conversion).run()
        #expect(done.rounded == Set(done.layers.map(\.layer.moduleName)) && !done.rounded.isEmpty)
        let (input, plain) = (
            try Checkpoint(directory: job.output, allowingQuantized: true), try Checkpoint(directory: output)
        )
        for layer in done.layers.map(\.layer) {
            #expect(
                try StoredFloat.bfloat16.rounded(input.matrix(layer.weightName)) == plain.matrix(layer.weightName))
        }
        let verified = try VerifyCheckpoint(output, against: job.output).run()
        #expect(verified.isEqual && verified.roundedTensors >= done.rounded.count)
    }

    /// The recipe that a conversion writes is one for the new format.
    @Test func theRecipeRepeatsTheRun() throws {
        let scratch = try Scratch()
        var job = try scratch.job("mistral-window", samples: 2)
        try Data(SmallTokenizer.json.utf8).write(to: job.model.appending(path: "tokenizer.json"))
        job.recipe.options.grid.groupSize = 32
        job.recipe.format = .gguf
        _ = try QuantizeCheckpoint(job).run()
        func repeated(_ packed: URL, _ format: ExportFormat, _ name: String) throws -> ModelRecipe {
            var conversion = ConversionJob(
                model: packed, output: scratch.url.appending(path: name), format: format)
            conversion.allowsDense = true
            _ = try ConvertCheckpoint(conversion).run()
            let file = try RecipeFile(conversion.output.appending(path: QuantizationReport.recipeName).path)
            var again = job
            again.recipe = try file.recipe
            again.output = scratch.url.appending(path: "again-\(name)")
            return try QuantizeCheckpoint(again).run().options.recipe
        }
        #expect(try repeated(job.output, .compressedTensors, "ct").format == .compressedTensors)
        // Only GGUF has the grids of a mixture.
        job.recipe.ggufType = .q2KSmall
        job.output = scratch.url.appending(path: "mixture")
        _ = try QuantizeCheckpoint(job).run()
        let recipe = try repeated(job.output, .dequantized, "plain")
        #expect(recipe.format == .gguf && recipe.ggufType == .q2KSmall)
    }

    /// A module that computes per-IC layers for mlx-lm has no place beside other formats.
    @Test func filesOfAFormatStayBehind() throws {
        let scratch = try Scratch()
        let job = try quantized(
            scratch, .mlx, bits: 4, .fixed(.perInputChannel), symmetric: false, groupSize: 32)
        _ = try QuantizeCheckpoint(job).run()
        let files = FileManager.default
        #expect(files.fileExists(atPath: job.output.appending(path: "adadim_model.py").path))
        let output = scratch.url.appending(path: "ct")
        _ = try ConvertCheckpoint(ConversionJob(model: job.output, output: output, format: .compressedTensors)).run()
        #expect(!files.fileExists(atPath: output.appending(path: "adadim_model.py").path))
        let config = try String(contentsOf: output.appending(path: "config.json"), encoding: .utf8)
        #expect(!config.contains("adadim") && !config.contains("model_file"))
    }

    @Test func tooLittleSpace() throws {
        let scratch = try Scratch()
        let job = try quantized(scratch, .compressedTensors, bits: 4, .fixed(.perOutputChannel), symmetric: true)
        _ = try QuantizeCheckpoint(job).run()
        let output = scratch.url.appending(path: "output")
        let conversion = ConversionJob(model: job.output, output: output, format: .dequantized)
        let text = errorText { _ = try ConvertCheckpoint(conversion, freeSpace: { _ in 10 }).run() }
        #expect(text.hasPrefix("the output needs at least ") && text.contains(" has 10 left ("), "\(text)")
    }
}

extension QuantizationJob {
    fileprivate func with(_ recipe: ModelRecipe, output: URL) -> QuantizationJob {
        var job = self
        (job.recipe, job.output) = (recipe, output)
        return job
    }
}
