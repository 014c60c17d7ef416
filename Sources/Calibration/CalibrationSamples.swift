/// The sequences of token ids that a model is calibrated on.
package struct CalibrationSamples: Sendable, Equatable {
    package let sequences: [[Int32]]
    /// Where sequences come from documents, those that had room for one; nil for anything else.
    package let documents: LongDocuments?

    package var tokens: Int { sequences.reduce(0) { $0 + $1.count } }

    /// Draws `samples` sequences of `length` tokens from a text at random, every start equally likely; or from documents,
    /// every start in any of them equally likely, none across an end; or takes the first `samples` of ready-made ones.
    /// - Parameters:
    ///   - samples: nil for 128, or for all the ready-made sequences there are.
    ///   - length: nil for 512, or for the length of ready-made sequences.
    ///   - seed: the same seed draws the same sequences, on every machine.
    package init(
        from source: TokenSource, samples: Int?, length: Int?, seed: UInt64, vocabularySize: Int, maximumLength: Int
    ) throws(CorpusError) {
        switch source {
        case .text(let ids):
            let length = length ?? Self.defaultLength
            try Self.check(ids, vocabularySize: vocabularySize, length: length, maximumLength: maximumLength)
            guard ids.count >= length else { throw .tooShort(tokens: ids.count, length: length) }
            var random = SplitMix64(seed: seed)
            sequences = (0..<(samples ?? Self.defaultCount)).map { _ in
                let start = Int.random(in: 0...(ids.count - length), using: &random)
                return Array(ids[start..<start + length])
            }
            documents = nil
        case .documents(let texts):
            let length = length ?? Self.defaultLength
            for text in texts {
                try Self.check(text, vocabularySize: vocabularySize, length: length, maximumLength: maximumLength)
            }
            let long = try LongDocuments(texts.map(\.count), length: length)
            var random = SplitMix64(seed: seed)
            sequences = (0..<(samples ?? Self.defaultCount)).map { _ in
                let (document, start) = long.place(of: Int.random(in: 0..<long.beginnings, using: &random))
                return Array(texts[document][start..<start + length])
            }
            documents = long
        case .sequences(let given):
            let found = given.first?.count ?? 0
            if let length, length != found { throw .lengthMismatch(found: found, expected: length) }
            let count = samples ?? given.count
            guard given.count >= max(count, 1), found > 0 else {
                throw .tooFewSequences(found: given.count, expected: max(count, 1))
            }
            sequences = Array(given.prefix(count))
            documents = nil
            for sequence in sequences {
                try Self.check(sequence, vocabularySize: vocabularySize, length: found, maximumLength: maximumLength)
            }
        }
    }

    package static let defaultCount = 128
    package static let defaultLength = 512

    private static func check(
        _ ids: [Int32], vocabularySize: Int, length: Int, maximumLength: Int
    ) throws(CorpusError) {
        guard length <= maximumLength else { throw .lengthBeyondModel(length: length, maximum: maximumLength) }
        for (position, id) in ids.enumerated() where id < 0 || Int(id) >= vocabularySize {
            throw .idOutOfVocabulary(id: id, position: position, vocabularySize: vocabularySize)
        }
    }
}

/// A small seeded generator, the same on every machine (Steele, Lea, Flood: Fast splittable pseudorandom number
/// generators, 2014). The standard library's own cannot be seeded.
package struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
