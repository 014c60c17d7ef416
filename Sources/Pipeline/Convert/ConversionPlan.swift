import AdaDimCheckpoint
import AdaDimFormats
import AdaDimQuantizedMatrices

/// What a conversion makes of each packed layer, decided before anything is written.
struct ConversionPlan {
    /// Prepared for the layers that are packed again.
    let format: ExportFormat
    /// The packed layers, and what they are made of.
    let layers: [(layer: LinearLayer, scheme: LayerScheme)]
    /// Why a layer becomes plain numbers where the format packs others, by its module.
    private(set) var denseBecause: [String: String] = [:]
    /// The layers, by their modules, whose numbers are rounded because plain numbers have the model's type.
    private(set) var rounded: Set<String> = []

    /// Reads every packed layer once: what a format can hold may depend on its numbers.
    /// - Throws: ``PipelineError/notPacked(directory:)``, ``PipelineError/lossy(module:format:reason:)`` for a layer that the
    ///   format cannot hold and that may not be dense, `FormatError` for layers that do not agree.
    init(_ checkpoint: Checkpoint, _ job: ConversionJob, between: () throws -> Void) throws {
        guard checkpoint.packedLayers?.isEmpty == false else {
            throw PipelineError.notPacked(directory: checkpoint.directory.path)
        }
        var layers: [(layer: LinearLayer, scheme: LayerScheme)] = []
        let all = checkpoint.configuration.layers + checkpoint.packedTables
        for layer in all {
            try between()
            guard let quantized = try checkpoint.quantized(layer) else { continue }
            defer { checkpoint.release([checkpoint.weightName(of: layer)]) }
            // The numbers of its scales stay, of whatever type: ``PackedFormat/loss(of:)`` compares them.
            let scheme = LayerScheme(
                of: quantized, scaleType: job.format.scaleType(isSymmetric: false, loaded: checkpoint.loadedType))
            layers.append((layer, scheme))
            func refuse(_ reason: String) throws(PipelineError) {
                guard job.allowsDense else {
                    throw .lossy(module: layer.moduleName, format: job.format.name, reason: reason)
                }
            }
            let reason = Self.reasonForPlainNumbers(layer, quantized, scheme, checkpoint, job.format)
            if let reason {
                try refuse(reason)
                denseBecause[layer.moduleName] = reason
            }
            guard job.format.packing == nil || reason != nil else { continue }
            let values = try checkpoint.matrix(checkpoint.weightName(of: layer))
            if checkpoint.loadedType.rounded(values) != values {
                try refuse("plain numbers are \(checkpoint.loadedType.elementType.name), and its values are not")
                rounded.insert(layer.moduleName)
            }
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

    /// Why a layer becomes plain numbers where the format packs others; nil where it does not.
    private static func reasonForPlainNumbers(
        _ layer: LinearLayer, _ quantized: QuantizedMatrix, _ scheme: LayerScheme, _ checkpoint: Checkpoint,
        _ format: ExportFormat
    ) -> String? {
        if let reason = format.reasonForPlainNumbers(scheme, at: layer.place) { return reason }
        return format.packing?.loss(
            of: FinishedLayer(
                module: layer.moduleName, place: layer.place, weightName: checkpoint.weightName(of: layer),
                quantized: quantized, type: checkpoint.loadedType))
    }
}
