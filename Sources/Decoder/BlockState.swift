import AdaDimCheckpoint
import AdaDimLinearAlgebra

/// A batch of sequences on its way through the decoder blocks.
package struct BlockState: Sendable {
    /// The residual stream, [hidden, tokens], a token per column.
    package internal(set) var hidden: Matrix<Float>
    /// Where each sequence begins and ends.
    package let layout: SequenceLayout
    /// The place among the current block's stages of the one that comes next; 0 between blocks.
    package internal(set) var stage = 0
    /// Input of that stage, [in, tokens]: where the stage before carries it on, since it cannot be had from `hidden`
    /// alone, and before any stage once ``DecoderBlock/keepInput(of:)`` has computed it, until
    /// ``DecoderBlock/advance(_:)`` consumes it.
    var carried: Matrix<Float>?

    let rotation: RotaryEmbedding

    /// - Parameters:
    ///   - hidden: [hidden, tokens], the embeddings of the sequences' tokens.
    ///   - layout: the sequences; their lengths add up to the columns of `hidden`.
    package init(hidden: Matrix<Float>, _ layout: SequenceLayout, _ configuration: ModelConfiguration) {
        precondition(
            hidden.columns == layout.tokens && hidden.rows == configuration.hiddenSize,
            "hidden states [\(hidden.rows), \(hidden.columns)] for \(layout.tokens) tokens")
        self.hidden = hidden
        self.layout = layout
        rotation = RotaryEmbedding(configuration, positions: layout.longest)
    }
}
