import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimExport
import AdaDimFiles
import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimRecipe
import AdaDimReports
import Logging

/// Quantizes a model directory, block by block:
///
///     checkpoint → tokens → block inputs → Grams → factor → search + sweep → pack → checkpoint
///                               ↑______________ next block ______________|
///
/// A table of embeddings is quantized before the first block, and an output projection of its own after the last one.
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
        try job.recipe.validate(place: "the recipe")
        let checkpoint = try Checkpoint(quantizing: job.model, log: log)
        let job = try job.fitted(to: checkpoint, log: log)
        let plan = try LayerPlan(
            job.recipe, checkpoint.configuration, scaleType: checkpoint.scaleType)
        let model = try DecoderModel(checkpoint, givesLogits: plan.tables.contains { $0.place != .embedding })
        if !plan.tables.isEmpty { try checkpoint.checkTableIsStoredOnce() }
        let planned = try plan.layers(of: checkpoint)
        let format = (job.recipe.ggufType.map(ExportFormat.gguf) ?? job.recipe.format).prepared(for: planned)
        try format.container.check(checkpoint)
        try format.check(planned)
        for notice in plan.notices + (format.packing?.notices ?? []) { log.notice("\(notice)") }
        let size = try CalibrationSize(
            file: job.calibration, samples: job.recipe.sampling.samples, length: job.recipe.sampling.sequenceLength)
        try MemoryEstimate(checkpoint.configuration, plan, size, .quantizing(job.recipe)).check(available: memory)
        // Before the text is read, which may take its time: a run that cannot write its output ends here.
        let output = try OutputDirectory(job.output, model: job.model, overwrite: job.overwrite) {
            log.notice("\($0)")
        }
        try DiskEstimate(checkpoint, format, plan).check(output.parent, freeSpace: freeSpace)
        for notice in format.noticesOfDenseLayers(among: planned) { log.notice("\(notice)") }
        let samples = try job.drawSamples(for: checkpoint.configuration, log: log)
        let recipe = job.carriedOut(samples, plan)
        if job.recipe.correction != recipe.correction {
            log.notice("nothing is corrected: inputs of the original model have not moved")
        }
        return try output.complete { partial in
            let writer = try CheckpointWriter(checkpoint, format: format, tables: plan.tables, to: partial)
            for notice in writer.notices { log.notice("\(notice)") }
            observer.progress(
                .began(layers: plan.count, blocks: checkpoint.configuration.blockCount, tokens: samples.tokens))
            let tables = TableQuantizer(plan: plan, checkpoint: checkpoint, observer: observer, log: log)
            let embeddings = try tables.embeddings(samples, model)
            let table = embeddings?.quantization.quantized
            let targets = recipe.targets
            let embedded = try EmbeddedSamples(
                samples, model, table, recipe.propagation,
                rowsComputedIn: table.map { checkpoint.computedType(of: $0, in: format) } ?? checkpoint.loadedType,
                needsOriginal: targets.memory.streams > 1)
            var run = Run(
                plan: plan, checkpoint: checkpoint, stream: embedded.stream, targets: targets.start(embedded),
                writer: writer, packed: ExportFormat.compressedTensors.prepared(for: planned),
                report: QuantizationReport(job.described(samples, plan)))
            if let embeddings { try finish(embeddings, dequantized: nil, &run) }
            let reader = BlockReader(model, end: plan.blocksComputed)
            for index in 0..<plan.blocksComputed {
                var block = try run.times.reading.time { try reader.block(index) }
                try quantize(&block, &run)
            }
            if let head = try tables.head(run.stream, model) { try finish(head, dequantized: nil, &run) }
            for notice in try run.times.writing.time({ try writer.finish() }) { log.warning("\(notice)") }
            run.report.close(
                seconds: start.secondsUntilNow, run.times.parts, peakMemoryBytes: ProcessMemory.peakBytes)
            let page = QuantizationPage(run.report).page
            try writeFile(to: partial.appending(path: QuantizationReport.pageName)) { try page.write($0) }
            let title = "What adadim \(toolVersion) quantized this model with."
            try writeFile(
                RecipeFile.text(of: recipe, title: title), to: partial.appending(path: QuantizationReport.recipeName))
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
        var targets: any LayerTargets
        let writer: CheckpointWriter
        /// What reports give the size in, whatever is written.
        let packed: ExportFormat
        var report: QuantizationReport
        var times = RunTimes()
    }

    /// Takes the tokens through a block. Where inputs are computed with what is already quantized, the layers of a stage are
    /// quantized when the tokens have come to it, and the tokens go on with the new weights. Otherwise they go through the
    /// untouched block once, and its layers are quantized after that.
    private func quantize(_ block: inout DecoderBlock, _ run: inout Run) throws {
        var waiting: [StageInputs] = []
        run.targets.enter(block)
        for stage in block.stages.indices {
            try observer.checkCancellation()
            let isLast = run.plan.isLast(stage: stage, ofBlock: block.index)
            if var inputs = try StageInputs(
                of: stage, in: block, run.plan, &run.stream, weighting: job.recipe.weighting,
                between: observer.checkCancellation)
            {
                switch job.recipe.propagation {
                case .quantized: try quantize(&inputs, of: &block, replacing: !isLast, &run)
                case .original: waiting.append(inputs)
                }
            }
            if isLast { break }
            try run.times.forward.time { try run.stream.advance(through: block, between: observer.checkCancellation) }
            try run.times.targets.time { try run.targets.advance(between: observer.checkCancellation) }
        }
        for index in waiting.indices {
            try observer.checkCancellation()
            try quantize(&waiting[index], of: &block, replacing: false, &run)
        }
    }

    /// Quantizes the layers of a stage.
    /// - Parameter replacing: whether what follows is computed with their new weights.
    private func quantize(
        _ inputs: inout StageInputs, of block: inout DecoderBlock, replacing: Bool, _ run: inout Run
    ) throws {
        let (order, first) = (inputs.order, inputs.layers[0])
        try run.times.targets.time {
            try first.naming {
                try run.targets.prepare(block, &run.stream, order: order, between: observer.checkCancellation)
            }
        }
        var replacements: [String: Matrix<Float>] = [:]
        let quantizer = StageQuantizer(plan: run.plan, log: log)
        try quantizer.quantize(&inputs, of: block, to: run.targets) { result in
            var weight = result.targeted.dequantized
            if replacing {
                let checkpoint = run.checkpoint
                weight = run.times.replacing.time { checkpoint.asStored(result.targeted, in: job.recipe.format) }
                replacements[result.layer.name] = weight
            }
            try finish(result, dequantized: weight, &run)
        }
        run.targets.release()
        for (name, weight) in replacements { block.replace(name, with: weight) }
    }

    /// Writes a finished layer, adds it to the report, and reports it.
    /// - Parameter weight: its dequantized weight, if it is known.
    private func finish(
        _ result: StageQuantizer.Result, dequantized weight: Matrix<Float>?, _ run: inout Run
    ) throws {
        var watch = Stopwatch()
        let stored = try watch.time {
            try run.writer.write(result.layer, result.quantization.quantized, dequantized: weight)
        }
        var seconds = result.seconds
        seconds.write = watch.seconds
        let entry = QuantizationReport.Layer(
            result.quantization, result.damping, result.targeted.correction, stored,
            packedBitsPerWeight: run.checkpoint.bitsPerWeight(
                result.quantization.quantized, stored: stored, in: run.packed), seconds: seconds)
        run.report.layers.append(entry)
        observer.progress(.finished(entry, done: run.report.layers.count, layers: run.plan.count))
        try observer.checkCancellation()
    }
}
