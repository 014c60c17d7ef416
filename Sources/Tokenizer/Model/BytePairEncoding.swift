import AdaDimJSON

/// Byte-pair encoding: a vocabulary, and the merges that lead from single characters to its tokens.
struct BytePairEncoding: Sendable {
    struct Merge: Sendable {
        /// Merges of lower rank come first.
        let rank: Int32
        let id: Int32
    }

    let vocabulary: [ByteString: Int32]
    /// By the two ids that are merged, see ``pair(_:_:)``.
    let merges: [UInt64: Merge]
    /// The ids of tokens of one scalar.
    let scalarIDs: [UInt32: Int32]
    /// The ids of `<0x00>`...`<0xFF>`, -1 where there is none; nil where characters do not fall back to bytes.
    let byteIDs: [Int32]?
    let unknownToken: ByteString?
    /// Whether neighbouring unknown characters become one token.
    let fusesUnknown: Bool
    /// Whether a word that is a token is taken whole, even if no merges lead to it.
    let ignoresMerges: Bool

    static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// The unknown token is not in the vocabulary, but this text needs it.
    struct MissingUnknownToken: Error {
        let token: ByteString
    }

    /// The ids of a word's characters, before any merge.
    ///
    /// A character without an id, without bytes to fall back on and without an unknown token vanishes, as in the
    /// library. So does this order come from there: bytes overtake an unknown token that precedes them.
    func characters(
        of text: [UInt8], in word: Range<Int>, into ids: inout [Int32]
    ) throws(MissingUnknownToken) {
        var pendingUnknown: Int32?
        var position = word.lowerBound
        while position < word.upperBound {
            let (code, length) = text.scalar(at: position)
            let bytes = text[position..<position + length]
            position += length
            if let id = scalarIDs[code] {
                if let unknown = pendingUnknown { ids.append(unknown) }
                pendingUnknown = nil
                ids.append(id)
                continue
            }
            if let byteIDs, bytes.allSatisfy({ byteIDs[Int($0)] >= 0 }) {
                for byte in bytes { ids.append(byteIDs[Int(byte)]) }
                continue
            }
            guard let unknownToken else { continue }
            guard let unknown = vocabulary[unknownToken] else { throw MissingUnknownToken(token: unknownToken) }
            if let earlier = pendingUnknown, !fusesUnknown { ids.append(earlier) }
            pendingUnknown = unknown
        }
        if let unknown = pendingUnknown { ids.append(unknown) }
    }
}
