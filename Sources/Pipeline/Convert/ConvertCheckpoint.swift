import AdaDimCheckpoint
import AdaDimExport
import AdaDimFiles
import AdaDimFormats
import AdaDimReports
import Foundation
import Logging

/// Writes a packed model in another format from its codes, scales and zero points, none of which changes. Nothing is quantized,
/// and no text is needed.
package struct ConvertCheckpoint {
    private let job: ConversionJob
    private let observer: RunObserver
    private let log: Logger
    private let freeSpace: (String) -> Int?

    /// - Parameter freeSpace: bytes that may be written to the file system of a directory; nil if unknown.
    package init(
        _ job: ConversionJob, observer: RunObserver = RunObserver(), log: Logger = Logger(label: "adadim"),
        freeSpace: @escaping (String) -> Int? = AdaDimFiles.freeSpace(at:)
    ) {
        self.job = job
        self.observer = observer
        self.log = log
        self.freeSpace = freeSpace
    }

    /// Runs to the end, or leaves no files.
    package func run() throws -> Conversion {
        let checkpoint = try Checkpoint(directory: job.model, allowingQuantized: true, log: log)
        let plan = try ConversionPlan(checkpoint, job, between: observer.checkCancellation)
        for notice in plan.format.packing?.notices ?? [] { log.notice("\(notice)") }
        let report = EarlierReport(in: job.model)
        let output = try OutputDirectory(job.output, model: job.model, overwrite: job.overwrite) {
            log.notice("\($0)")
        }
        try DiskEstimate(checkpoint, plan).check(output.parent, freeSpace: freeSpace)
        return try output.complete { partial in
            let writer = try CheckpointWriter(
                checkpoint, format: plan.format, tables: checkpoint.packedTables, to: partial)
            for notice in writer.notices { log.notice("\(notice)") }
            var stored: [StoredLayer] = []
            for (layer, _) in plan.layers {
                try observer.checkCancellation()
                stored.append(try write(layer, of: checkpoint, plan, to: writer))
            }
            for notice in try writer.finish() { log.warning("\(notice)") }
            try report.carry(
                over: stored, of: plan.format, loaded: checkpoint.loadedType, from: job.model, into: partial)
            return Conversion(format: job.format, layers: stored, rounded: plan.rounded)
        }
    }

    private func write(
        _ layer: LinearLayer, of checkpoint: Checkpoint, _ plan: ConversionPlan, to writer: CheckpointWriter
    ) throws -> StoredLayer {
        guard let quantized = try checkpoint.quantized(layer) else {
            throw PipelineError.notPacked(directory: job.model.path)
        }
        defer { checkpoint.release([checkpoint.weightName(of: layer)]) }
        return try writer.write(layer, quantized, asPlainNumbersBecause: plan.denseBecause[layer.moduleName])
    }
}

extension DiskEstimate {
    /// Of a conversion.
    init(_ checkpoint: Checkpoint, _ plan: ConversionPlan) throws {
        var bytes = try CarriedFiles(checkpoint, writing: plan.format).bytes
        var packed: Set<String> = []
        for (layer, scheme) in plan.layers {
            packed.formUnion(
                checkpoint.tensors(holding: checkpoint.weightName(of: layer)).map(checkpoint.naming.stored))
            let isDense = plan.denseBecause[layer.moduleName] != nil
            bytes +=
                (isDense ? ExportFormat.dequantized : plan.format).size(of: scheme, type: checkpoint.loadedType).bytes
        }
        for name in checkpoint.tensorNames where !packed.contains(name) {
            bytes += try checkpoint.location(of: name).entry.byteRange.count
        }
        self.init(bytes: bytes)
    }
}
