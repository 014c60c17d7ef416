import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimFormats
import AdaDimQuantization
import AdaDimQuantizedMatrices

extension LayerPlan {
    /// What each linear layer of a model may become, for a format to say whether it can hold it.
    func layers(of checkpoint: Checkpoint, _ job: QuantizationJob) throws(CheckpointError) -> [PlannedLayer] {
        var planned: [PlannedLayer] = []
        for layer in LinearLayer.all(blocks: checkpoint.configuration.blockCount) {
            let shape = try checkpoint.location(of: layer.weightName).entry.shape
            let stage = BlockStage.allCases.first { $0.roles.contains(layer.role) }
            planned.append(
                PlannedLayer(
                    module: layer.moduleName, input: "\(layer.block).\(stage?.rawValue ?? 0)",
                    schemes: schemes(of: layer, shape: shape, checkpoint, job)))
        }
        return planned
    }

    /// The schemes that a layer may get: one for each direction that is still open; none for a layer that stays as it
    /// is.
    /// - Parameter shape: of its weight, [out, in].
    func schemes(
        of layer: LinearLayer, shape: [Int], _ checkpoint: Checkpoint, _ job: QuantizationJob
    ) -> [LayerScheme] {
        guard let decision = self[layer], shape.count == 2 else { return [] }
        let directions: [ChannelDimension] =
            if case .fixed(let dimension) = decision { [dimension] } else { ChannelDimension.allCases }
        return directions.map { dimension in
            LayerScheme(
                bits: job.bits,
                layout: GroupLayout(
                    rows: shape[0], columns: shape[1], groupSize: job.groupSize, dimension: dimension),
                isSymmetric: job.isSymmetric, scaleType: checkpoint.scaleType)
        }
    }
}
