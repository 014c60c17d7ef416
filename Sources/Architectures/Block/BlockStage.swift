import AdaDimCheckpoint

/// The four places where a decoder block's linear layers take their input, in the order of computation. All layers of a
/// stage share that input, hence one Gram matrix.
package enum BlockStage: Int, Sendable, CaseIterable {
    /// The normalized hidden states, [hidden, tokens], feed q, k and v.
    case queryKeyValue
    /// What attention read, [heads · head dimension, tokens], feeds o.
    case attentionOutput
    /// The normalized hidden states after attention, [hidden, tokens], feed gate and up.
    case gateUp
    /// SiLU(gate) · up, [intermediate, tokens], feeds down.
    case down

    /// The linear layers of the stage.
    package var roles: [LinearRole] {
        switch self {
        case .queryKeyValue: [.query, .key, .value]
        case .attentionOutput: [.output]
        case .gateUp: [.gate, .up]
        case .down: [.down]
        }
    }

    /// The stage whose input is computed next, nil at the end of the block.
    var next: BlockStage? { BlockStage(rawValue: rawValue + 1) }
}
