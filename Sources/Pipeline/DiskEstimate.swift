import AdaDimCheckpoint
import AdaDimExport
import AdaDimFiles
import AdaDimFormats
import AdaDimLayerFiles
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// The disk space that a run's output takes, in bytes: tensors by the files' headers and the plan, files as they are. The
/// report and the files' headers come on top, so this is a lower bound. An output that is replaced stays until the end.
package struct DiskEstimate: Sendable, Equatable {
    package let bytes: Int

    package init(bytes: Int) { self.bytes = bytes }

    /// Of a quantized model.
    package init(_ checkpoint: Checkpoint, _ job: QuantizationJob, _ plan: LayerPlan) throws {
        var layers: [String: LinearLayer] = [:]
        for layer in LinearLayer.all(blocks: checkpoint.configuration.blockCount) where plan[layer] != nil {
            layers[checkpoint.naming.stored(layer.weightName)] = layer
        }
        var bytes = try CarriedFiles(checkpoint).bytes
        for name in checkpoint.tensorNames {
            let entry = try checkpoint.location(of: name).entry
            guard let layer = layers[name], StoredFloat(entry.elementType) != nil, entry.shape.count == 2 else {
                bytes += entry.byteRange.count
                continue
            }
            bytes +=
                plan.schemes(of: layer, shape: entry.shape, checkpoint, job).map {
                    job.format.size(of: $0, type: checkpoint.loadedType).bytes
                }.min() ?? 0
        }
        self.init(bytes: bytes)
    }

    /// Of a layer's file: its codes, and its dequantized weight.
    package init(_ file: LayerFile, _ job: LayerJob) {
        let rowBytes =
            job.isPacked ? 4 * PackedRows.wordsPerRow(columns: file.columns, bits: job.options.bits) : file.columns
        let dequantized = job.writesDequantized ? file.columns * file.weightType.byteWidth : 0
        self.init(bytes: file.rows * (rowBytes + dequantized))
    }

    /// Of outputs that one job after another leaves, each in its own directory.
    package init(keeping jobs: [QuantizationJob]) throws {
        var (left, most) = (0, 0)
        var checkpoint: Checkpoint?
        for job in jobs {
            let model = try checkpoint ?? Checkpoint(directory: job.model)
            checkpoint = model
            let plan = try LayerPlan(job, blockCount: model.configuration.blockCount)
            left += try DiskEstimate(model, job, plan).bytes
            most = max(most, left)
            // The output that it replaces goes when this one is there.
            left -= Self.bytes(ofDirectory: job.output.path)
        }
        self.init(bytes: most)
    }

    private static func bytes(ofDirectory path: String) -> Int {
        guard let tree = try? DirectoryTree(path) else { return 0 }
        return tree.files.reduce(0) { $0 + ((try? FileStatus(path + "/" + $1, followingLinks: false))?.bytes ?? 0) }
    }

    /// - Parameters:
    ///   - directory: one on the file system that is written to.
    ///   - freeSpace: bytes; nil if nobody knows.
    /// - Throws: ``PipelineError/notEnoughDisk(needed:available:directory:)``.
    package func check(
        _ directory: String, freeSpace: (String) -> Int? = AdaDimFiles.freeSpace(at:)
    ) throws(PipelineError) {
        if let available = freeSpace(directory), bytes > available {
            throw .notEnoughDisk(needed: bytes, available: available, directory: directory)
        }
    }
}
