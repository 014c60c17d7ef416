/// Several feed-forward networks of which each token goes through a few, chosen by a router.
package struct Experts: Sendable, Hashable {
    /// The layer whose outputs, one for each expert, choose; it takes the stage's input.
    package var router: LinearModule
    /// The keys of config.json with the number of experts, and how many of them a token goes through.
    package var countKey: String
    package var perTokenKey: String
    /// The key with ``Width/expertIntermediate``.
    package var intermediateKey: String

    package init(router: LinearModule, countKey: String, perTokenKey: String, intermediateKey: String) {
        self.router = router
        self.countKey = countKey
        self.perTokenKey = perTokenKey
        self.intermediateKey = intermediateKey
    }
}
