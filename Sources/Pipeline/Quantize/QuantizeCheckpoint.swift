import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimExport
import AdaDimFiles
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimRecipe
import AdaDimReports
import Logging

/// Quantizes a model directory, block by block:
///
///     checkpoint → tokens → block inputs → Grams → factor → search + sweep → pack → checkpoint
///                               ↑______________ next block ______________|
package struct QuantizeCheckpoint {
    private let job: QuantizationJob
    private let observer: RunObserver
    private let log: Logger
    private let memory: Int?
    private let freeSpace: (String) -> Int?

    /// - Parameters:
    ///   - memory: bytes that the run may use; nil if unknown.
    ///   - freeSpace: bytes that may be written to the file system of a directory; nil if unknown.
    package init(
        _ job: QuantizationJob, observer: RunObserver = RunObserver(), log: Logger = Logger(label: "adadim"),
        memory: Int? = MachineMemory.bytes, freeSpace: @escaping (String) -> Int? = AdaDimFiles.freeSpace(at:)
    ) {
        self.job = job
        self.observer = observer
        self.log = log
        self.memory = memory
        self.freeSpace = freeSpace
    }

    /// Runs to the end, or leaves no files.
    /// - Returns: the report that was written next to the weights.
    package func run() throws -> QuantizationReport {
        let start = ContinuousClock.now
        try job.recipe.options.validate()
        let checkpoint = try Checkpoint(quantizing: job.model, log: log)
        let plan = try LayerPlan(
            job.recipe, checkpoint.configuration, scaleType: checkpoint.scaleType)
        let model = try DecoderModel(checkpoint, givesLogits: false)
        let format = job.recipe.format
        try format.check(try plan.layers(of: checkpoint))
        let size = try CalibrationSize(
            file: job.calibration, samples: job.recipe.sampling.samples, length: job.recipe.sampling.sequenceLength)
        try MemoryEstimate(checkpoint.configuration, job.recipe, plan, size).check(available: memory)
        // Before the text is read, which may take its time: a run that cannot write its output ends here.
        let output = try OutputDirectory(job.output, model: job.model, overwrite: job.overwrite) {
            log.notice("\($0)")
        }
        try DiskEstimate(checkpoint, format, plan).check(output.parent, freeSpace: freeSpace)
        let samples = try job.drawSamples(for: checkpoint.configuration, log: log)
        let recipe = job.carriedOut(samples, plan)
        if job.recipe.correction != recipe.correction {
            log.notice("nothing is corrected: inputs of the original model have not moved")
        }
        return try output.complete { partial in
            let stream = try CalibrationStream(samples, model)
            var run = Run(
                plan: plan, checkpoint: checkpoint, stream: stream,
                original: recipe.correction == .none ? nil : stream,
                writer: try CheckpointWriter(checkpoint, format: format, to: partial),
                report: QuantizationReport(job.described(samples, plan)))
            for notice in run.writer.notices { log.notice("\(notice)") }
            observer.progress(
                .began(layers: plan.count, blocks: checkpoint.configuration.blockCount, tokens: samples.tokens))
            let reader = BlockReader(model, end: plan.last.block + 1)
            for index in 0...plan.last.block {
                var block = try run.times.reading.time { try reader.block(index) }
                try quantize(&block, &run)
            }
            let writer = run.writer
            for notice in try run.times.writing.time({ try writer.finish() }) { log.warning("\(notice)") }
            run.report.close(
                seconds: start.secondsUntilNow, run.times.parts, peakMemoryBytes: ProcessMemory.peakBytes)
            let page = QuantizationPage(run.report).page
            try writeFile(to: partial.appending(path: QuantizationReport.pageName)) { try page.write($0) }
            let title = "What adadim \(toolVersion) quantized this model with."
            try writeFile(
                RecipeFile.text(of: recipe, title: title), to: partial.appending(path: RecipeFile.name))
            run.report.files = (try OutputDirectory.files(in: partial) + [QuantizationReport.fileName]).sorted()
            try writeReport(run.report, to: partial.appending(path: QuantizationReport.fileName))
            return run.report
        }
    }

    /// What changes from block to block.
    private struct Run {
        let plan: LayerPlan
        let checkpoint: Checkpoint
        var stream: CalibrationStream
        /// Through the original model, for asymmetric calibration.
        var original: CalibrationStream?
        let writer: CheckpointWriter
        var report: QuantizationReport
        var times = RunTimes()
    }

    private func quantize(_ block: inout DecoderBlock, _ run: inout Run) throws {
        switch job.recipe.propagation {
        case .quantized: try quantizeStageByStage(&block, &run)
        case .original: try quantizeAfterwards(block, &run)
        }
    }

    /// Stops before each stage, quantizes its layers on what they see, and goes on with the new weights.
    private func quantizeStageByStage(_ block: inout DecoderBlock, _ run: inout Run) throws {
        let quantizer = StageQuantizer(job: job, plan: run.plan, log: log)
        // Only the original model's stream needs the original weights after they are replaced.
        let untouched = run.original == nil ? nil : block
        for stage in block.stages.indices {
            try observer.checkCancellation()
            let isLast = run.plan.isLast(stage: stage, ofBlock: block.index)
            if var gram = try quantizer.gram(of: stage, in: block, &run.stream, between: observer.checkCancellation) {
                let shift = try run.times.originals.time {
                    // Before the first quantized layer both streams are equal.
                    try run.report.layers.isEmpty
                        ? nil
                        : untouched.flatMap {
                            try quantizer.shift(
                                of: stage, in: block, originally: $0, from: &run.original, &run.stream,
                                between: observer.checkCancellation)
                        }
                }
                var replacements: [String: Matrix<Float>] = [:]
                try quantizer.quantize(stage, of: block, &gram, shift) { result in
                    if isLast {
                        try finish(result, &run)
                    } else {
                        let checkpoint = run.checkpoint
                        let weight = run.times.replacing.time {
                            checkpoint.asStored(result.quantization.quantized)
                        }
                        try finish(result, dequantized: weight, &run)
                        replacements[result.layer.name] = weight
                    }
                }
                for (name, weight) in replacements { block.replace(name, with: weight) }
            }
            if isLast { return }
            try run.times.forward.time { try run.stream.advance(through: block, between: observer.checkCancellation) }
            if let untouched {
                try run.times.originals.time {
                    try run.original?.advance(through: untouched, between: observer.checkCancellation)
                }
            }
        }
    }

    /// The untouched block, run once, gives all Gram matrices; the layers are quantized after that.
    private func quantizeAfterwards(_ block: DecoderBlock, _ run: inout Run) throws {
        let quantizer = StageQuantizer(job: job, plan: run.plan, log: log)
        var grams: [(stage: Int, gram: StageQuantizer.TimedGram)] = []
        for stage in block.stages.indices {
            try observer.checkCancellation()
            if let gram = try quantizer.gram(of: stage, in: block, &run.stream, between: observer.checkCancellation) {
                grams.append((stage, gram))
            }
            if run.plan.isLast(stage: stage, ofBlock: block.index) { break }
            try run.times.forward.time { try run.stream.advance(through: block, between: observer.checkCancellation) }
        }
        for index in grams.indices {
            try observer.checkCancellation()
            try quantizer.quantize(
                grams[index].stage, of: block, &grams[index].gram
            ) { result in
                try finish(result, &run)
            }
        }
    }

    /// Writes a finished layer, adds it to the report, and reports it.
    /// - Parameter weight: its dequantized weight, if the layers after it use it.
    private func finish(
        _ result: StageQuantizer.Result, dequantized weight: Matrix<Float>? = nil, _ run: inout Run
    ) throws {
        var watch = Stopwatch()
        let stored = try watch.time {
            try run.writer.write(result.layer, result.quantization.quantized, dequantized: weight)
        }
        var seconds = result.seconds
        seconds.write = watch.seconds
        let entry = QuantizationReport.Layer(
            result.quantization, result.damping, result.correction, stored,
            packedBitsPerWeight: run.checkpoint.packedBitsPerWeight(result), seconds: seconds)
        run.report.layers.append(entry)
        observer.progress(.finished(entry, done: run.report.layers.count, layers: run.plan.count))
        try observer.checkCancellation()
    }
}
