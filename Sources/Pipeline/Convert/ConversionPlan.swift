import AdaDimCheckpoint
import AdaDimFormats

/// What a conversion makes of each packed layer, decided before anything is written.
struct ConversionPlan {
    /// Prepared for the layers that are packed again.
    let format: ExportFormat
    /// The packed layers, and what they are made of.
    let layers: [(layer: LinearLayer, scheme: LayerScheme)]
    /// Why a layer becomes plain numbers where the format packs others, by its module.
    private(set) var denseBecause: [String: String] = [:]

    /// - Throws: ``PipelineError/notPacked(directory:)``, ``PipelineError/lossy(module:format:reason:)`` for a layer that the
    ///   format cannot hold and that may not be dense, `FormatError` for layers that do not agree.
    init(_ checkpoint: Checkpoint, _ job: ConversionJob) throws {
        guard checkpoint.packedLayers?.isEmpty == false else {
            throw PipelineError.notPacked(directory: checkpoint.directory.path)
        }
        var layers: [(layer: LinearLayer, scheme: LayerScheme)] = []
        let all = checkpoint.configuration.layers + checkpoint.packedTables
        for layer in all {
            guard let stored = try checkpoint.scheme(of: layer) else { continue }
            // The numbers of its scales stay, of whatever type: ``PackedFormat/loss(of:)`` compares them.
            let scheme = stored.with(
                job.format.scaleType(isSymmetric: stored.isSymmetric, loaded: checkpoint.loadedType))
            layers.append((layer, scheme))
            guard let reason = job.format.reasonForPlainNumbers(scheme, at: layer.place) else { continue }
            guard job.allowsDense else {
                throw PipelineError.lossy(module: layer.moduleName, format: job.format.name, reason: reason)
            }
            denseBecause[layer.moduleName] = reason
        }
        self.layers = layers
        let schemes = Dictionary(uniqueKeysWithValues: layers.map { ($0.layer.moduleName, $0.scheme) })
        let planned = all.map { [denseBecause] layer in
            PlannedLayer(
                module: layer.moduleName, place: layer.place, input: layer.input,
                schemes: denseBecause[layer.moduleName] == nil ? [schemes[layer.moduleName]].compactMap { $0 } : [])
        }
        format = job.format.prepared(for: planned)
        try format.check(planned)
    }
}
