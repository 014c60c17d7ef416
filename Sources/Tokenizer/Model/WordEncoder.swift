import AdaDimJSON

/// Turns words into ids by a model; one is made for each text, so that its memory is never shared.
struct WordEncoder {
    private let model: BytePairEncoding
    private var merger = BytePairMerger()
    private var cache: WordCache
    private var ids: [Int32] = []

    init(_ model: BytePairEncoding, forTextOf length: Int) {
        self.model = model
        cache = WordCache(forTextOf: length)
    }

    mutating func encode(
        _ word: Range<Int>, of text: [UInt8], into result: inout [Int]
    ) throws(BytePairEncoding.MissingUnknownToken) {
        let isCached = word.count <= WordCache.maximumWordLength
        let hash = isCached ? WordCache.hash(word, of: text) : 0
        if isCached, cache.find(word, of: text, hash: hash, into: &result) { return }
        ids.removeAll(keepingCapacity: true)
        if model.ignoresMerges, let id = model.vocabulary[ByteString(text[word])] {
            ids.append(id)
        } else {
            try model.characters(of: text, in: word, into: &ids)
            merger.merge(&ids, by: model)
        }
        if isCached { cache.insert(word, of: text, hash: hash, ids: ids) }
        for id in ids { result.append(Int(id)) }
    }
}
