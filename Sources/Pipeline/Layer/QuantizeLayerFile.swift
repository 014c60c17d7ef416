import AdaDimFiles
import AdaDimLayerFiles
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimReports
import Logging

/// Quantizes one layer from file to file:
///
///     weight, activations → Gram → factor → search + sweep → codes, scales, zero points
package struct QuantizeLayerFile {
    private let job: LayerJob
    private let isCancelled: @Sendable () -> Bool
    private let progress: @Sendable (LayerProgress) -> Void
    private let panelBytes: Int
    private let freeSpace: @Sendable (String) -> Int?
    private let log: Logger

    /// - Parameters:
    ///   - isCancelled: asked between panels, parts and products; true ends the run with ``PipelineError/cancelled``.
    ///   - progress: called in order within a part.
    ///   - panelBytes: of a panel of the weight as floats, at most; a smaller weight is read once, as a whole.
    ///   - freeSpace: bytes that may be written to a directory's file system; nil if unknown.
    package init(
        _ job: LayerJob, isCancelled: @escaping @Sendable () -> Bool = { false },
        progress: @escaping @Sendable (LayerProgress) -> Void = { _ in }, panelBytes: Int = 1 << 30,
        freeSpace: @escaping @Sendable (String) -> Int? = AdaDimFiles.freeSpace(at:),
        log: Logger = Logger(label: "adadim")
    ) {
        self.job = job
        self.isCancelled = isCancelled
        self.progress = progress
        self.panelBytes = panelBytes
        self.freeSpace = freeSpace
        self.log = log
    }

    /// Runs to the end, or leaves no files.
    package func run() throws -> LayerReport {
        let start = ContinuousClock.now
        let file = try LayerFile(path: job.input)
        let output = try job.output.map { path in
            try LayerOutput(path, input: job.input, overwrite: job.overwrite) { log.notice("\($0)") }
        }
        var options = job.options
        options.grid.scaleType = job.scaleType ?? file.weightType.scaleType
        let threads = BLASLibrary.threadCount
        let plan = try naming(file) {
            let panelRows = max(1, panelBytes / 4 / file.columns)
            let plan = try MemoryPlan(
                rows: file.rows, columns: file.columns, tokensAtOnce: file.tokensAtOnce, panelRows: panelRows,
                options: options, threads: threads)
            try plan.check()
            return plan
        }
        if let output { try DiskEstimate(file, job).check(output.parent, freeSpace: freeSpace) }
        progress(.began(name: file.name, rows: file.rows, columns: file.columns, tokens: file.tokenCount))
        if !file.unusedTensors.isEmpty {
            log.notice("\(file.path): not used: \(file.unusedTensors.joined(separator: ", "))")
        }
        // The Gram matrix and its factor are gone when this returns.
        let result = try quantize(file, options, plan, threads: threads)
        var report = LayerReport(
            file, options, result.quantization, result.damping, threads: threads, output: job.output,
            seconds: result.seconds)
        if let output {
            var watch = Stopwatch()
            try watch.time { try write(result.quantization, of: file, options, facts: report.facts, to: output) }
            report.seconds.write = watch.seconds
        }
        report.seconds.total = start.secondsUntilNow
        return report
    }

    /// A quantized layer, and what it was quantized with.
    private struct Result {
        let quantization: LayerQuantization
        let damping: AppliedDamping
        let seconds: LayerReport.Seconds
    }

    private func quantize(
        _ file: LayerFile, _ options: QuantizationOptions, _ plan: MemoryPlan, threads: Int
    ) throws -> Result {
        var (summing, factoring, reading) = (Stopwatch(), Stopwatch(), Stopwatch())
        try checkCancellation()
        // First of all: what is wrong with a weight should not be found after minutes of work.
        let whole = plan.panelRows == file.rows ? try reading.time { try file.weight } : nil
        var gram = try summing.time {
            try file.makeGram { share in
                progress(.advanced(.gram, share: share))
                try checkCancellation()
            }
        }
        let cancellation = Cancellation()
        let factor = try naming(file) {
            try factoring.time {
                try GramFactor(taking: &gram, options: options.factor, cancellation: cancellation) {
                    report(.factor, $0, cancellation)
                }
            }
        }
        let damping = AppliedDamping(factor)
        damping.log(to: log, subject: file.name)
        try checkCancellation()
        let quantization = try naming(file) {
            var layer = try PanelledLayer(
                rows: file.rows, columns: file.columns, panelRows: plan.panelRows,
                quantizer: LayerQuantizer(factor: factor, options: options), threads: threads,
                cancellation: cancellation
            ) { report(.codes, $0, cancellation) }
            while let rows = layer.nextRows {
                try layer.add(whole ?? reading.time { try file.weight(rows: rows) })
                try checkCancellation()
            }
            return try layer.finished()
        }
        var seconds = LayerReport.Seconds()
        (seconds.read, seconds.gram, seconds.factor) = (reading.seconds, summing.seconds, factoring.seconds)
        seconds.reference = quantization.seconds.reference
        seconds.rtn = quantization.seconds.roundToNearest
        seconds.sweep = quantization.seconds.sweep
        return Result(quantization: quantization, damping: damping, seconds: seconds)
    }

    private func write(
        _ quantization: LayerQuantization, of file: LayerFile, _ options: QuantizationOptions,
        facts: [String: String], to output: LayerOutput
    ) throws {
        progress(.advanced(.writing, share: 0))
        let layer = QuantizedLayerFile(
            quantization, name: file.name, scaleType: options.grid.scaleType, isPacked: job.isPacked,
            dequantizedType: job.writesDequantized ? file.weightType : nil, facts: facts)
        try output.complete { partial in try layer.write(to: partial, between: checkCancellation) }
    }

    /// The engine knows no names.
    private func naming<Value>(_ file: LayerFile, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch QuantizationError.cancelled {
            throw PipelineError.cancelled
        } catch let error as QuantizationError {
            throw PipelineError.layer(name: file.path, underlying: error)
        }
    }

    /// Reports how far the engine is, and stops it when nobody wants the rest.
    @Sendable private func report(_ part: LayerProgress.Part, _ share: Double, _ cancellation: Cancellation) {
        progress(.advanced(part, share: share))
        if isCancelled() { cancellation.cancel() }
    }

    private func checkCancellation() throws {
        if isCancelled() { throw PipelineError.cancelled }
    }
}
