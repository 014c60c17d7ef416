import AdaDimCheckpoint

extension ModelConfiguration {
    /// Shape of a block's linear layer, [out, in].
    package func shape(of role: LinearRole) -> (out: Int, width: Int) {
        let queryWidth = attentionHeads * headDimension
        let keyWidth = keyValueHeads * headDimension
        return switch role {
        case .query: (queryWidth, hiddenSize)
        case .key, .value: (keyWidth, hiddenSize)
        case .output: (hiddenSize, queryWidth)
        case .gate, .up: (intermediateSize, hiddenSize)
        case .down: (hiddenSize, intermediateSize)
        }
    }
}
