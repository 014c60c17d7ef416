/// What a model is calibrated on, of the text that it is given.
package struct Sampling: Sendable, Equatable {
    /// Sequences; nil for 128, or for all of ready-made ones.
    package var samples: Int?
    /// Tokens of a sequence; nil for 512, or for the length of ready-made ones.
    package var sequenceLength: Int?
    /// The same seed draws the same sequences.
    package var seed: UInt64 = 0
    /// The field of a JSON Lines file that has a line's document; nil for a file that is one text.
    package var textField: String?

    package init() {}
}

extension Sampling: Codable {
    private enum Key: String, CodingKey { case samples, sequenceLength, seed, textField }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(samples, forKey: .samples)
        try container.encode(sequenceLength, forKey: .sequenceLength)
        try container.encode(seed, forKey: .seed)
        try container.encode(textField, forKey: .textField)
    }

    /// A recipe has a seed that is no `Int` as a text.
    private static func seed(_ container: KeyedDecodingContainer<Key>) throws -> UInt64 {
        if let text = try? container.decode(String.self, forKey: .seed), let seed = UInt64(text) { return seed }
        return try container.decode(UInt64.self, forKey: .seed)
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        samples = try container.decode(Int?.self, forKey: .samples)
        sequenceLength = try container.decode(Int?.self, forKey: .sequenceLength)
        seed = try Self.seed(container)
        textField = try container.decode(String?.self, forKey: .textField)
    }
}
