import AdaDimCheckpoint
import AdaDimFormats
import AdaDimQuantization
import AdaDimQuantizedMatrices

extension LayerPlan {
    /// What each linear layer of a model may become, for a format to say whether it can hold it.
    func layers(of checkpoint: Checkpoint) throws(CheckpointError) -> [PlannedLayer] {
        var planned: [PlannedLayer] = []
        for layer in checkpoint.configuration.layers + tables {
            let shape = try checkpoint.location(of: checkpoint.weightName(of: layer)).entry.shape
            planned.append(
                PlannedLayer(
                    module: layer.moduleName, place: layer.place, input: layer.input,
                    schemes: schemes(of: layer, shape: shape)))
        }
        return planned
    }

    /// The schemes that a layer may get: one for each direction that is still open; none for a layer that stays as it
    /// is.
    /// - Parameter shape: of its weight, [out, in].
    func schemes(of layer: LinearLayer, shape: [Int]) -> [LayerScheme] {
        guard let options = self[layer], shape.count == 2 else { return [] }
        return options.usedDirection.candidates.map { dimension in
            LayerScheme(
                bits: options.grid.bits,
                layout: GroupLayout(
                    rows: shape[0], columns: shape[1], groupSize: options.grid.groupSize, dimension: dimension),
                isSymmetric: options.grid.isSymmetric, scaleType: options.grid.scaleType,
                twoLevel: options.grid.twoLevel)
        }
    }
}

extension LinearLayer {
    /// The same of all layers that have one input, and of no others.
    var input: String { if let block, let stage { "\(block).\(stage)" } else { moduleName } }
}

extension QuantizationOptions {
    /// The same in a format: an adaptive direction is fixed where the format can hold only one. A fixed one is kept, for the
    /// format to refuse.
    func restricted(to format: ExportFormat) -> QuantizationOptions {
        guard usedDirection.isAdaptive, let directions = format.packing?.limits.directions else { return self }
        let open = direction.candidates.filter(directions.contains)
        guard open.count == 1 else { return self }
        var options = self
        options.direction.fixedDimension = open[0]
        return options
    }
}
