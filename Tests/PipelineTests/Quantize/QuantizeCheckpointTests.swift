import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimExport
import AdaDimLinearAlgebra
import AdaDimPipeline
import AdaDimQuantization
import AdaDimRecipe
import AdaDimReports
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

/// The whole way on tiny models of each architecture: directory in, directory out.
@Suite struct QuantizeCheckpointTests {
    private func job(_ scratch: Scratch, model name: String = "llama", output: String = "out") throws -> QuantizationJob
    {
        var job = try scratch.job(name, samples: 12, output: output)
        job.recipe.options.grid.bits = 3
        return job
    }

    @Test(arguments: ["llama", "llama-biases", "mistral-window", "qwen2", "qwen3"])
    func everyVariantRunsToTheEnd(_ model: String) throws {
        let scratch = try Scratch()
        var job = try job(scratch, model: model)
        let original = try Checkpoint(directory: job.model)
        for propagation in Propagation.allCases {
            for method in QuantizationOptions.Method.allCases {
                for dimension in [
                    QuantizationOptions.Direction.adaptive(by: .roundToNearest), .fixed(.perOutputChannel),
                    .fixed(.perInputChannel),
                ] {
                    job.recipe.propagation = propagation
                    job.recipe.options.method = method
                    job.recipe.options.direction = dimension
                    job.overwrite = true
                    let report = try QuantizeCheckpoint(job).run()
                    #expect(report.layers.count == 7 * original.configuration.blockCount)
                    #expect(report.layers.allSatisfy { $0.loss.absolute > 0 && $0.loss.relative ?? 1 < 1 })
                    if let fixed = dimension.fixedDimension {
                        #expect(report.layers.allSatisfy { $0.dimension == fixed })
                    }
                    try expectOnlyLinearLayersChanged(original, job.output)
                }
            }
        }
        #expect(try scratch.contents == [model, "out", "tokens.safetensors"].sorted())
    }

    /// Every tensor but the quantized weights is carried over byte by byte; those are on a grid of at most 2^bits
    /// values a group.
    private func expectOnlyLinearLayersChanged(_ original: Checkpoint, _ output: URL) throws {
        let written = try Checkpoint(directory: output)
        #expect(written.tensorNames == original.tensorNames)
        #expect(written.files.count == original.files.count)
        let weights = Set(original.configuration.layers.map(\.weightName))
        for name in original.tensorNames {
            let (a, b) = (try original.location(of: name), try written.location(of: name))
            #expect(a.entry.shape == b.entry.shape && a.entry.elementType == b.entry.elementType)
            let same = a.file.withBytes(of: a.entry) { x in
                b.file.withBytes(of: b.entry) { y in x.elementsEqual(y) }
            }
            #expect(same == !weights.contains(name), "\(name)")
        }
    }

    /// Blocks and stages that nothing waits for are not computed, and what was quantized before is none the worse for
    /// it.
    @Test(arguments: Propagation.allCases)
    func skippingTheEndChangesNothingBeforeIt(_ propagation: Propagation) throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        job.recipe.propagation = propagation
        let whole = try QuantizeCheckpoint(job).run()
        job.output = scratch.url.appending(path: "first")
        job.recipe.rules = ["model.layers.[1-9]*", "up_proj", "gate_proj", "down_proj"].map {
            .skipping($0, source: "--skip")
        }
        let first = try QuantizeCheckpoint(job).run()
        #expect(first.layers.map(\.name) == whole.layers.prefix(4).map(\.name))
        #expect(first.layers.map(\.loss) == whole.layers.prefix(4).map(\.loss))
        // The other blocks' tensors are there, untouched.
        let (original, written) = (try Checkpoint(directory: job.model), try Checkpoint(directory: job.output))
        #expect(written.tensorNames == original.tensorNames)
        let last = try #require(original.configuration.layers.last).weightName
        #expect(try written.matrix(last) == original.matrix(last))
    }

    /// The report's parts make up its seconds.
    @Test func whereTheTimeWentAddsUp() throws {
        let scratch = try Scratch()
        let totals = try QuantizeCheckpoint(job(scratch)).run().totals
        let parts = totals.parts.all
        #expect(parts.allSatisfy { $0.seconds >= 0 })
        #expect(abs(parts.reduce(0) { $0 + $1.seconds } - totals.seconds) <= 1e-9 * Double(parts.count))
        for name in ["decoder blocks", "Gram", "factor", "‖WX‖²", "RTN", "sweep", "replacing weights", "writing"] {
            #expect(parts.contains { $0.name == name && $0.seconds > 0 }, "\(name)")
        }
    }

    /// The loss in the report is ‖(W−Q)X‖² of what was written, X being the original model's inputs of the first stage.
    @Test func reportedLossIsThatOfTheWrittenWeights() throws {
        let scratch = try Scratch()
        var job = try job(scratch, model: "qwen2")
        job.recipe.propagation = .original
        let report = try QuantizeCheckpoint(job).run()
        let original = try Checkpoint(directory: job.model)
        let model = try DecoderModel(original)
        let source = try TokenSource(file: job.calibration) { throw CancellationError() }
        let samples = try CalibrationSamples(
            from: source, samples: 12, length: 16, seed: 0, vocabularySize: original.configuration.vocabularySize,
            maximumLength: 16)
        let block = try model.block(0)
        let x = block.input(of: try model.embed(samples.sequences))
        for layer in original.configuration.layers(ofBlock: 0).prefix(3) {
            let w = try original.matrix(layer.weightName)
            let q = try Checkpoint(directory: job.output).matrix(layer.weightName)
            let error = Matrix<Float>(rows: w.rows, columns: w.columns) { w[$0, $1] - q[$0, $1] }
            let expected = error.multiplied(by: x).squaredNorm
            let entry = try #require(report.layers.first { $0.name == layer.moduleName })
            // What was written is rounded once more, to 2⁻⁸ of a weight at most (bfloat16); a weight is a few steps of
            // its grid, so that is below 4·2⁻⁸ of an error's size.
            #expect(abs(entry.loss.absolute - expected) <= 0.04 * expected, "\(layer.role)")
            let energy = w.multiplied(by: x).squaredNorm
            let share = try #require(entry.loss.relative)
            #expect(abs(share - entry.loss.absolute / energy) <= 1e-4 * share)
            #expect(abs(entry.outputEnergy - energy) <= 1e-4 * energy)
        }
        let (lost, energy) = report.layers.reduce((0.0, 0.0)) { ($0.0 + $1.loss.absolute, $0.1 + $1.outputEnergy) }
        #expect(abs(report.totals.energyWeightedRelativeLoss - lost / energy) <= 1e-12)
        #expect(report.totals.energyWeightedRelativeLoss != report.totals.meanRelativeLoss)
    }

    @Test(arguments: [2, 3, 4, 8])
    func bothFormatsCarryTheSameValues(_ bits: Int) throws {
        let scratch = try Scratch()
        var job = try job(scratch, model: "llama")
        job.recipe.options.grid.bits = bits
        job.recipe.options.grid.groupSize = 4
        let dense = try QuantizeCheckpoint(job).run()
        job.output = scratch.url.appending(path: "packed")
        job.recipe.format = .compressedTensors
        let packed = try QuantizeCheckpoint(job).run()
        #expect(packed.layers.map(\.loss) == dense.layers.map(\.loss))
        #expect(packed.layers.allSatisfy { $0.denseBecause == nil && $0.bitsPerWeight < $0.shapeBits(dense) })
        let (a, b) = (
            try Checkpoint(directory: scratch.url.appending(path: "out")),
            try Checkpoint(directory: job.output, allowingQuantized: true)
        )
        for layer in packed.layers { #expect(try a.matrix(layer.name + ".weight") == b.matrix(layer.name + ".weight")) }
    }

    @Test func aLayerThatTheFormatCannotHoldStaysDenseAndIsNamed() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        job.recipe.options.grid.groupSize = 24
        job.recipe.format = .compressedTensors
        let report = try QuantizeCheckpoint(job).run()
        let dense = report.layers.filter { $0.denseBecause != nil }
        #expect(!dense.isEmpty)
        for layer in dense { #expect(layer.denseBecause?.hasPrefix("the group size 24 does not divide its ") == true) }
        #expect(dense.allSatisfy { $0.tailGroup != nil })
    }

    @Test func globsChooseDirectionsAndSkip() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        job.recipe.options.direction = .fixed(.perOutputChannel)
        job.recipe.rules = ["[qkv]_proj", "model.layers.1.mlp.down_proj"].map {
            .perInputChannel($0, source: "--per-ic")
        }
        job.recipe.rules += [.skipping("o_proj", source: "--skip")]
        let report = try QuantizeCheckpoint(job).run()
        for layer in report.layers {
            let role = layer.name.split(separator: ".").last ?? ""
            let chosen = ["q_proj", "k_proj", "v_proj"].contains(role) || layer.name == "model.layers.1.mlp.down_proj"
            #expect(layer.dimension == (chosen ? .perInputChannel : .perOutputChannel), "\(layer.name)")
            #expect(role != "o_proj")
        }
        let (a, b) = (try Checkpoint(directory: job.model), try Checkpoint(directory: job.output))
        let skipped = "model.layers.0.self_attn.o_proj.weight"
        #expect(try a.matrix(skipped) == b.matrix(skipped))
        #expect(report.layers.count == 6 * a.configuration.blockCount)
    }

    /// An output is a model, too: its report, page and recipe make way for those of the run over it.
    @Test func anOutputIsQuantizedAgain() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        _ = try QuantizeCheckpoint(job).run()
        job.model = job.output
        job.output = scratch.url.appending(path: "again")
        job.recipe.options.grid.bits = 8
        let report = try QuantizeCheckpoint(job).run()
        #expect(report.layers.allSatisfy { $0.bits == 8 })
        let recipe = job.output.appending(path: QuantizationReport.recipeName)
        #expect(try String(contentsOf: recipe, encoding: .utf8).contains("\nbits: 8\n"))
        let files = [QuantizationReport.fileName, QuantizationReport.pageName, QuantizationReport.recipeName]
        #expect(Set(files).isSubset(of: report.files))
    }

    @Test func theSameSeedGivesTheSameBytes() throws {
        let scratch = try Scratch()
        var job = try job(scratch, model: "qwen3")
        var files: [Data] = []
        for (name, seed) in [("a", 1), ("b", 1), ("c", 2)] as [(String, UInt64)] {
            job.output = scratch.url.appending(path: name)
            job.recipe.sampling.seed = seed
            _ = try QuantizeCheckpoint(job).run()
            files.append(try Data(contentsOf: job.output.appending(path: "model.safetensors")))
        }
        #expect(files[0] == files[1])
        #expect(files[0] != files[2])
    }
}

extension QuantizationReport.Layer {
    /// Bits per weight of the same layer in a dense report.
    fileprivate func shapeBits(_ dense: QuantizationReport) -> Double {
        dense.layers.first { $0.name == name }?.bitsPerWeight ?? 0
    }
}
