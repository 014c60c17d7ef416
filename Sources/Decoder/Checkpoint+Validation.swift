import AdaDimArchitectures
import AdaDimCheckpoint

extension Checkpoint {
    /// Checks that all of the model's description is computed, and by the files' headers alone that every tensor that the
    /// model computes with is there, has its shape and holds floats, so that the last block's tensors are known to be good
    /// before the first block is computed.
    /// - Parameter needsOutput: whether the output projection, without which there are no logits, must be there.
    package func validateTensors(needsOutput: Bool) throws(CheckpointError) {
        let configuration = configuration
        let (architecture, names) = (configuration.architecture, configuration.architecture.names)
        do { try architecture.checkComputed() } catch { throw notComputed(error) }
        let table = [configuration.vocabularySize, configuration.hiddenSize]
        try check(embeddingName, shape: table)
        if needsOutput { try check(outputName(), shape: table) }
        try check(names.finalNormWeight, shape: [configuration.hiddenSize])
        for block in 0..<configuration.blockCount {
            for norm in configuration.kind(ofBlock: block).norms {
                let name = names.module(norm.name, ofBlock: block)
                try check(name + ".weight", shape: [configuration.count(norm.width)])
            }
        }
        for block in 0..<configuration.blockCount {
            for module in configuration.kind(ofBlock: block).layers {
                let (out, width) = configuration.shape(of: module)
                let name = names.module(module.name, ofBlock: block)
                try check(name + ".weight", shape: [out, width])
                if storesBias(module) { try check(name + ".bias", shape: [out]) }
            }
        }
    }
}
