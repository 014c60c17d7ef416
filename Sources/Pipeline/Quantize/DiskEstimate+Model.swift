import AdaDimCheckpoint
import AdaDimExport
import AdaDimFiles
import AdaDimFormats
import AdaDimLayerFiles
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

extension DiskEstimate {
    /// Of a quantized model.
    package init(_ checkpoint: Checkpoint, _ format: ExportFormat, _ plan: LayerPlan) throws {
        let format = format.prepared(for: try plan.layers(of: checkpoint))
        var layers: [String: LinearLayer] = [:]
        for layer in checkpoint.configuration.layers + plan.tables where plan[layer] != nil {
            layers[checkpoint.naming.stored(checkpoint.weightName(of: layer))] = layer
        }
        var bytes = try CarriedFiles(checkpoint, writing: format).bytes
        for name in checkpoint.tensorNames {
            let entry = try checkpoint.location(of: name).entry
            guard let layer = layers[name], StoredFloat(entry.elementType) != nil, entry.shape.count == 2 else {
                bytes += entry.byteRange.count
                continue
            }
            bytes +=
                plan.schemes(of: layer, shape: entry.shape).map {
                    format.size(of: $0, type: checkpoint.loadedType).bytes
                }.min() ?? 0
        }
        self.init(bytes: bytes)
    }

    /// Of outputs that one job after another leaves, each in its own directory.
    package init(keeping jobs: [QuantizationJob]) throws {
        var (left, most) = (0, 0)
        var checkpoint: Checkpoint?
        for job in jobs {
            let model = try checkpoint ?? Checkpoint(directory: job.model)
            checkpoint = model
            let plan = try LayerPlan(job.recipe, model.configuration, scaleType: model.scaleType)
            left += try DiskEstimate(model, job.recipe.format, plan).bytes
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
}
