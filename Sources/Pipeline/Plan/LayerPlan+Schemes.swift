import AdaDimCheckpoint
import AdaDimFormats
import AdaDimQuantization
import AdaDimQuantizedMatrices

extension LayerPlan {
    /// What each linear layer of a model may become, for a format to say whether it can hold it.
    func layers(of checkpoint: Checkpoint) throws(CheckpointError) -> [PlannedLayer] {
        var planned: [PlannedLayer] = []
        for layer in checkpoint.configuration.layers {
            let shape = try checkpoint.location(of: layer.weightName).entry.shape
            planned.append(
                PlannedLayer(
                    module: layer.moduleName, input: "\(layer.block).\(layer.stage)",
                    schemes: schemes(of: layer, shape: shape)))
        }
        return planned
    }

    /// The schemes that a layer may get: one for each direction that is still open; none for a layer that stays as it
    /// is.
    /// - Parameter shape: of its weight, [out, in].
    func schemes(of layer: LinearLayer, shape: [Int]) -> [LayerScheme] {
        guard let options = self[layer], shape.count == 2 else { return [] }
        return options.direction.candidates.map { dimension in
            LayerScheme(
                bits: options.grid.bits,
                layout: GroupLayout(
                    rows: shape[0], columns: shape[1], groupSize: options.grid.groupSize, dimension: dimension),
                isSymmetric: options.grid.isSymmetric, scaleType: options.grid.scaleType)
        }
    }
}
