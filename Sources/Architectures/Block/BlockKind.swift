/// What the blocks of one kind do, stage after stage.
package struct BlockKind: Sendable, Hashable {
    package var stages: [BlockStage]
    /// Which of the stages there are once for each expert; nil where there are no experts.
    package var experts: Experts?

    package init(_ stages: [BlockStage], experts: Experts? = nil) {
        self.stages = stages
        self.experts = experts
    }

    /// The linear layers of all stages, in the order of computation.
    package var layers: [LinearModule] { stages.flatMap(\.layers) }
    /// The norms of all stages.
    package var norms: [NormModule] { stages.flatMap(\.norms) }
}

/// Which block is of which kind. Kinds are counted from 0 in ``Architecture/blockKinds``.
package enum BlockPattern: Sendable, Hashable {
    /// All are of kind 0.
    case uniform
    /// These kinds, again and again from block 0 on.
    case repeating([Int])
    /// The first blocks are of kind 0, those after them of kind 1: as many as a key of config.json says, or, where it is
    /// missing, so many.
    case leading(key: String, default: Int)
    /// A key of config.json lists a word for each block: the first word means kind 0, the second one kind 1, and so on.
    case listed(key: String, words: [String])

    /// The key of config.json that it depends on; nil where there is none.
    var key: String? {
        switch self {
        case .uniform, .repeating: nil
        case .leading(let key, _), .listed(let key, _): key
        }
    }
}
