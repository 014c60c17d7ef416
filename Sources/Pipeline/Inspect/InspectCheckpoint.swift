import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimExport
import AdaDimFiles
import AdaDimHTMLReport
import AdaDimInspection
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimReports
import Foundation
import Logging

/// Looks at every linear layer of a model directory while calibration text runs once through the untouched model: what
/// its inputs are like, where its sensitivity lies, and what both directions would lose.
package struct InspectCheckpoint {
    private let job: InspectionJob
    private let observer: RunObserver
    private let progress: @Sendable (InspectionProgress) -> Void
    private let log: Logger
    private let memory: Int?
    private let freeSpace: (String) -> Int?

    /// - Parameters:
    ///   - observer: asked whether to stop.
    ///   - progress: called in order, from the thread of the run.
    ///   - memory: bytes that the run may use; nil if unknown.
    ///   - freeSpace: bytes that may be written to the file system of a directory; nil if unknown.
    package init(
        _ job: InspectionJob, observer: RunObserver = RunObserver(), log: Logger = Logger(label: "adadim"),
        memory: Int? = MachineMemory.bytes, freeSpace: @escaping (String) -> Int? = AdaDimFiles.freeSpace(at:),
        progress: @escaping @Sendable (InspectionProgress) -> Void = { _ in }
    ) {
        self.job = job
        self.observer = observer
        self.progress = progress
        self.log = log
        self.memory = memory
        self.freeSpace = freeSpace
    }

    /// Runs to the end; the report's directory, if requested, appears completely or not at all.
    package func run() throws -> InspectionReport {
        let start = ContinuousClock.now
        try job.layers.recipe.validate(place: "the recipe")
        let checkpoint = try Checkpoint(quantizing: job.layers.model, log: log)
        let plan = try LayerPlan(
            job.layers.recipe, checkpoint.configuration, scaleType: checkpoint.scaleType)
        let model = try DecoderModel(checkpoint, givesLogits: false)
        let size = try CalibrationSize(
            file: job.layers.calibration, samples: job.layers.recipe.sampling.samples,
            length: job.layers.recipe.sampling.sequenceLength)
        try MemoryEstimate(checkpoint.configuration, plan, size, .inspecting(job.layers.recipe)).check(
            available: memory)
        // Before the text is read, which may take its time: a run that cannot write its report ends here.
        let output = try job.report.map {
            try OutputDirectory(
                $0, model: job.layers.model, report: InspectionReport.fileName, overwrite: job.overwrite
            ) { log.notice("\($0)") }
        }
        if let output {
            let bytes = ChannelFile.bytes(inputs(plan, checkpoint.configuration))
            try DiskEstimate(bytes: bytes).check(output.parent, freeSpace: freeSpace)
        }
        let samples = try job.layers.drawSamples(for: checkpoint.configuration, log: log)
        progress(.began(layers: plan.count, blocks: checkpoint.configuration.blockCount, tokens: samples.tokens))
        var run = Run(
            plan: plan, checkpoint: checkpoint, stream: try CalibrationStream(samples, model),
            report: InspectionReport(job.described(samples, plan)))
        guard let output else {
            try inspect(model, &run)
            run.report.close(seconds: start.secondsUntilNow, run.parts)
            return run.report
        }
        return try output.complete { partial in
            run.channels = try ChannelFile(in: partial, inputs: inputs(plan, checkpoint.configuration))
            run.details = try DetailsSpool(in: partial)
            try inspect(model, &run)
            try write(&run, to: partial, since: start)
            return run.report
        }
    }

    /// What changes from block to block.
    private struct Run {
        let plan: LayerPlan
        let checkpoint: Checkpoint
        var stream: CalibrationStream
        var channels: ChannelFile?
        /// Pictures of the layers, where there will be a report.
        var details: DetailsSpool?
        var report: InspectionReport
        var parts = InspectionReport.Parts()
    }

    private func inspect(_ model: DecoderModel, _ run: inout Run) throws {
        let reader = BlockReader(model, end: run.plan.blocksComputed)
        var forward = Stopwatch()
        for index in 0..<run.plan.blocksComputed {
            let block = try forward.time { try reader.block(index) }
            for stage in block.stages.indices {
                try observer.checkCancellation()
                try inspect(stage, of: block, &run)
                if run.plan.isLast(stage: stage, ofBlock: index) { break }
                try forward.time { try run.stream.advance(through: block, between: observer.checkCancellation) }
            }
        }
        run.parts.forward = forward.seconds
    }

    /// The layers that the stages' inputs are shared by, with the shapes of their weights.
    private func inputs(
        _ plan: LayerPlan, _ configuration: ModelConfiguration
    ) -> [[(layer: LinearLayer, out: Int, width: Int)]] {
        (0..<plan.blocksComputed).flatMap { block in
            configuration.stages(ofBlock: block).enumerated().map { place, stage in
                plan.layers(ofStage: place, inBlock: block).compactMap { layer in
                    stage.layers.first { $0.name == layer.name }.map { module in
                        let (out, width) = configuration.shape(of: module)
                        return (layer, out, width)
                    }
                }
            }
        }
    }

    /// Looks at the inputs of a stage and at the layers that share them.
    private func inspect(_ stage: Int, of block: DecoderBlock, _ run: inout Run) throws {
        guard let first = run.plan.layers(ofStage: stage, inBlock: block.index).first else { return }
        var moments = ActivationMoments(channels: block.weight(first.name).columns)
        guard
            var inputs = try StageInputs(
                of: stage, in: block, run.plan, &run.stream, weighting: job.layers.recipe.weighting,
                seeing: { moments.accumulate($0) }, between: observer.checkCancellation)
        else { return }
        run.parts.gram += inputs.seconds

        var factoring = Stopwatch()
        let input = try first.naming {
            try factoring.time {
                try InspectedInput(
                    taking: &inputs.gram, moments.figures, thresholds: job.thresholds,
                    options: job.layers.recipe.options)
            }
        }
        run.parts.factor += factoring.seconds
        let damping = AppliedDamping(input.factor)
        damping.log(to: log, subject: inputs.layers.subject)
        if input.inverseDampingShare != damping.share {
            log.warning(
                """
                \(inputs.layers.subject): the sensitivities are taken with damping \(input.inverseDampingShare) of the \
                mean diagonal; with \(damping.share) there is a factor in Float, but none in Double
                """)
        }
        let index = run.report.inputs.count
        run.report.inputs.append(.init(input, of: inputs.layers, damping: damping))
        try run.channels?.write(input, of: first)

        for layer in inputs.layers {
            var looking = Stopwatch()
            guard let options = run.plan[layer] else { continue }
            let inspection = try layer.naming {
                try looking.time { try LayerInspection(of: block.weight(layer.name), input, options: options) }
            }
            run.parts.layers += looking.seconds
            let entry = InspectionReport.Layer(layer, inspection, input: index)
            run.report.layers.append(entry)
            try run.channels?.write(inspection, of: layer)
            try run.details?.append(LayerDetails(entry, inspection, input, job.thresholds))
            progress(.finished(entry, done: run.report.layers.count, layers: run.plan.count))
            try observer.checkCancellation()
        }
    }

    private func write(_ run: inout Run, to directory: URL, since start: ContinuousClock.Instant) throws {
        let writing = ContinuousClock.now
        try run.channels?.finish()
        try writeFile(InspectionTable(run.report).text, to: directory.appending(path: InspectionTable.name))
        run.parts.writing = writing.secondsUntilNow
        run.report.close(seconds: start.secondsUntilNow, run.parts)
        let page = InspectionPage(run.report, isDetailed: true).page
        try writeFile(to: directory.appending(path: InspectionReport.pageName)) { put in
            try page.write(put) { try run.details?.next() }
        }
        run.report.files = (try OutputDirectory.files(in: directory) + [InspectionReport.fileName]).sorted()
        try writeReport(run.report, to: directory.appending(path: InspectionReport.fileName))
    }
}
