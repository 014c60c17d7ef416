/// The ids of words met before: natural text repeats its words.
struct WordCache {
    private struct Slot {
        var hash: UInt64 = 0
        var word: Range<Int> = 0..<0
        var ids: Range<Int> = 0..<0
    }

    /// Longer words hardly repeat.
    static let maximumWordLength = 64
    private static let slotCount = 1 << 16
    /// At most so many slots are looked at, so that neither a full table nor an unlucky text is slow.
    private static let probeCount = 8

    private var slots = [Slot](repeating: Slot(), count: slotCount)
    private var words: [UInt8] = []
    private var ids: [Int32] = []

    /// Appends the ids of `word` if it is known.
    func find(_ word: Range<Int>, of text: [UInt8], hash: UInt64, into result: inout [Int]) -> Bool {
        var index = Int(truncatingIfNeeded: hash) & (Self.slotCount - 1)
        for _ in 0..<Self.probeCount {
            let slot = slots[index]
            if slot.word.isEmpty { return false }
            if slot.hash == hash, slot.word.count == word.count, isEqual(slot.word, word, of: text) {
                for position in slot.ids { result.append(Int(ids[position])) }
                return true
            }
            index = (index + 1) & (Self.slotCount - 1)
        }
        return false
    }

    private func isEqual(_ known: Range<Int>, _ word: Range<Int>, of text: [UInt8]) -> Bool {
        for offset in 0..<word.count where words[known.lowerBound + offset] != text[word.lowerBound + offset] {
            return false
        }
        return true
    }

    /// Remembers `newIDs` for `word`, unless there is no room near its place.
    mutating func insert(_ word: Range<Int>, of text: [UInt8], hash: UInt64, ids newIDs: [Int32]) {
        var index = Int(truncatingIfNeeded: hash) & (Self.slotCount - 1)
        for _ in 0..<Self.probeCount {
            if slots[index].word.isEmpty {
                let start = (words.count, ids.count)
                words.append(contentsOf: text[word])
                ids.append(contentsOf: newIDs)
                slots[index] = Slot(hash: hash, word: start.0..<words.count, ids: start.1..<ids.count)
                return
            }
            index = (index + 1) & (Self.slotCount - 1)
        }
    }

    /// FNV-1a with the upper half folded into the lower, which picks the slot.
    static func hash(_ word: Range<Int>, of text: [UInt8]) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in word { hash = (hash ^ UInt64(text[index])) &* 0x100_0000_01B3 }
        return hash ^ hash >> 32
    }
}
