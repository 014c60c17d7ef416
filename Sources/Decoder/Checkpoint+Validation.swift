import AdaDimCheckpoint

extension Checkpoint {
    /// Checks by the files' headers alone that every tensor that the model computes with is there, has its shape and
    /// holds floats, so that the last block's tensors are known to be good before the first block is computed.
    /// - Parameter needsOutput: whether the output projection, without which there are no logits, must be there.
    package func validateTensors(needsOutput: Bool) throws(CheckpointError) {
        let configuration = configuration
        let table = [configuration.vocabularySize, configuration.hiddenSize]
        try check(embeddingName, shape: table)
        if needsOutput { try check(outputName(), shape: table) }
        try check(DecoderModel.finalNormName, shape: [configuration.hiddenSize])
        for block in 0..<configuration.blockCount {
            for norm in configuration.blockNorms {
                try check(norm.tensorName(block: block), shape: [configuration.length(of: norm)])
            }
        }
        for layer in LinearLayer.all(blocks: configuration.blockCount) {
            let (out, width) = configuration.shape(of: layer.role)
            try check(layer.weightName, shape: [out, width])
            if storesBias(layer) { try check(layer.biasName, shape: [out]) }
        }
    }
}
