import AdaDimDecoder

/// How much each token counts in the Gram matrix of a stage's inputs.
package protocol TokenWeighting: Sendable {
    /// The square roots of the weights of a batch's tokens before its current stage; nil where all count the same.
    func rootWeights(of batch: BlockState, in block: DecoderBlock) -> [Float]?

    /// Numbers that each token of a batch takes while its weight is computed and its input is weighted; 0 where all count the
    /// same.
    func elementsPerToken(of stage: StageWidths) -> Int
}

/// The widths of a stage's inputs and outputs.
package struct StageWidths: Sendable {
    /// Whether attention follows on its layers.
    package let isAttention: Bool
    /// Features of a token's input, which all layers share.
    package let inputs: Int
    /// Features of a token's outputs, layer after layer.
    package let outputs: [Int]

    package init(isAttention: Bool, inputs: Int, outputs: [Int]) {
        self.isAttention = isAttention
        self.inputs = inputs
        self.outputs = outputs
    }
}

/// All tokens count the same.
package struct EqualTokens: TokenWeighting {
    package init() {}

    package func rootWeights(of batch: BlockState, in block: DecoderBlock) -> [Float]? { nil }

    package func elementsPerToken(of stage: StageWidths) -> Int { 0 }
}

/// Before a stage with attention, a token counts by the attention that it receives; before other stages, all count the same.
package struct TokensByAttention: TokenWeighting {
    package init() {}

    package func rootWeights(of batch: BlockState, in block: DecoderBlock) -> [Float]? {
        guard block.stage(of: batch).isAttention else { return nil }
        // One for what a token asks as a query, and the rest for what others take from it.
        return block.squaredAttentionShares(batch).map { (1 + $0).squareRoot() }
    }

    /// Its query and its key, or its weighted input.
    package func elementsPerToken(of stage: StageWidths) -> Int {
        stage.isAttention ? max(stage.outputs.prefix(2).reduce(0, +), stage.inputs) : 0
    }
}
