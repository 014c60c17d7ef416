import AdaDimCheckpoint
import AdaDimLinearAlgebra

/// One decoder block, as its model's description has it. Runs stage by stage, so that a linear layer can be replaced after
/// its input was seen.
package struct DecoderBlock: Sendable {
    /// Place in the model, from 0.
    package let index: Int
    /// In the order of computation.
    package private(set) var stages: [ComputedStage]

    /// Reads block `index` of the model, and releases the file pages that it was read from.
    /// - Throws: ``CheckpointError`` where a tensor is missing or misshapen, or holds NaN or infinity.
    package init(index: Int, from checkpoint: Checkpoint) throws(CheckpointError) {
        let configuration = checkpoint.configuration
        precondition(index >= 0 && index < configuration.blockCount, "block \(index) of \(configuration.blockCount)")
        self.index = index
        var parts = BlockParts(checkpoint, block: index)
        var stages: [ComputedStage] = []
        for stage in configuration.stages(ofBlock: index) { stages.append(try parts.stage(stage)) }
        self.stages = stages
        checkpoint.release(parts.tensors)
    }

    /// The weight of a linear layer, [out, in], by its name inside the block. A block holds all from its beginning.
    package func weight(_ name: String) -> Matrix<Float> {
        let (stage, layer) = place(of: name)
        return stages[stage].layers[layer].weight
    }

    /// Puts another weight of the same shape, [out, in], in a linear layer's place.
    package mutating func replace(_ name: String, with weight: Matrix<Float>) {
        let (stage, layer) = place(of: name)
        let (rows, columns) = (stages[stage].layers[layer].weight.rows, stages[stage].layers[layer].weight.columns)
        precondition(
            weight.rows == rows && weight.columns == columns,
            "replacing \(name) of block \(index) by a weight [\(weight.rows), \(weight.columns)]")
        stages[stage].layers[layer].weight = weight
    }

    private func place(of name: String) -> (stage: Int, layer: Int) {
        for (place, stage) in stages.enumerated() {
            if let layer = stage.layers.firstIndex(where: { $0.name == name }) { return (place, layer) }
        }
        preconditionFailure("block \(index) without \(name)")
    }
}
