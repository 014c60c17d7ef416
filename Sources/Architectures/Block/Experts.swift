/// Several feed-forward networks of which each token goes through a few, chosen by a router: stages of a block that there
/// are once for each expert.
package struct Experts: Sendable, Hashable {
    /// The names of these stages, in the order of computation. The names of their modules have `*` in place of the
    /// expert's number.
    package var stages: [String]
    /// The layer whose outputs, one for each expert, choose; it takes the input of the first of the stages.
    package var router: LinearModule
    /// The keys of config.json with the number of experts, and how many of them a token goes through.
    package var countKey: String
    package var perTokenKey: String
    /// The key with ``Width/expertIntermediate``.
    package var intermediateKey: String
    /// The network that every token goes through besides; nil where there is none.
    package var shared: SharedExpert?

    package init(
        stages: [String], router: LinearModule, countKey: String, perTokenKey: String, intermediateKey: String,
        shared: SharedExpert? = nil
    ) {
        self.stages = stages
        self.router = router
        self.countKey = countKey
        self.perTokenKey = perTokenKey
        self.intermediateKey = intermediateKey
        self.shared = shared
    }

    /// The linear layers besides those of the experts' stages.
    package var layers: [LinearModule] { [router] + (shared?.stages.flatMap(\.layers) ?? []) }

    /// The keys that state its numbers.
    package var keys: [String] {
        [countKey, perTokenKey, intermediateKey] + [shared?.intermediateKey].compactMap { $0 }
    }
}

/// A feed-forward network beside the experts: it takes the same input, and what comes out is added to theirs.
package struct SharedExpert: Sendable, Hashable {
    package var stages: [BlockStage]
    /// The key with ``Width/sharedIntermediate``.
    package var intermediateKey: String

    package init(_ stages: [BlockStage], intermediateKey: String) {
        self.stages = stages
        self.intermediateKey = intermediateKey
    }
}
