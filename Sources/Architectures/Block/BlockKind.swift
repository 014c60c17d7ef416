/// What the blocks of one kind do, stage after stage.
package struct BlockKind: Sendable, Hashable {
    package var stages: [BlockStage]

    package init(_ stages: [BlockStage]) { self.stages = stages }

    /// The linear layers of all stages, in the order of computation.
    package var layers: [LinearModule] { stages.flatMap(\.layers) }
    /// The norms of all stages.
    package var norms: [NormModule] { stages.flatMap(\.norms) }
}

/// Which block is of which kind.
package enum BlockPattern: Sendable, Hashable {
    /// All are of the first kind.
    case uniform
    /// The kinds' places in ``Architecture/blockKinds``, again and again from block 0 on.
    case repeating([Int])
    /// A key of config.json lists a word for each block; the words stand for the kinds, in their order.
    case listed(key: String, words: [String])
}
