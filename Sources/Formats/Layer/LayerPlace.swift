/// Where in a model a layer is.
package enum LayerPlace: String, Sendable, Hashable, Codable, CaseIterable {
    /// A linear layer of a block.
    case block
    /// The table of token embeddings.
    case embedding
    /// The output projection.
    case head
    /// One table that is both, in a model that ties them.
    case embeddingAndHead

    /// Whether tokens are looked up in it.
    package var embeds: Bool { self == .embedding || self == .embeddingAndHead }

    /// As errors name it.
    var words: String {
        switch self {
        case .block: "linear layer"
        case .embedding: "embedding table"
        case .head: "output projection"
        case .embeddingAndHead: "table that is both embeddings and output projection"
        }
    }
}
