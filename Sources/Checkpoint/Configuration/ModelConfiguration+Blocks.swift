import AdaDimArchitectures

// Which block is of which kind.

extension ModelConfiguration {
    /// The kind of a block, counted from 0.
    package func kind(ofBlock index: Int) -> BlockKind { architecture.blockKinds[kindsOfBlocks[index]] }

    /// For each block the place of its kind in ``Architecture/blockKinds``.
    static func kindsOfBlocks(
        _ keys: JSONKeys, _ architecture: Architecture, blockCount: Int
    ) throws(CheckpointError) -> [Int] {
        let places: [Int] =
            switch architecture.pattern {
            case .uniform: [Int](repeating: 0, count: blockCount)
            case .repeating(let kinds): (0..<blockCount).map { kinds[$0 % kinds.count] }
            case .leading(let key, let count): try leadingKinds(keys, key, count, blockCount: blockCount)
            case .listed(let key, let words): try listedKinds(keys, key, words, blockCount: blockCount)
            }
        precondition(
            places.allSatisfy { architecture.blockKinds.indices.contains($0) },
            "a pattern with kinds of blocks that are not described")
        return places
    }

    private static func leadingKinds(
        _ keys: JSONKeys, _ key: String, _ count: Int, blockCount: Int
    ) throws(CheckpointError) -> [Int] {
        let leading = try keys.size(key, least: 0) ?? count
        return (0..<blockCount).map { $0 < leading ? 0 : 1 }
    }

    private static func listedKinds(
        _ keys: JSONKeys, _ key: String, _ words: [String], blockCount: Int
    ) throws(CheckpointError) -> [Int] {
        let listed = try keys.required(try keys.strings(key), key, expected: "a list of words, one a block")
        guard listed.count == blockCount else {
            throw .inconsistent(
                file: keys.file, reason: "\(key) has \(listed.count) entries, expected \(blockCount), one a block")
        }
        var kinds: [Int] = []
        for word in listed {
            guard let kind = words.firstIndex(of: word) else {
                throw .unsupported(file: keys.file, key: key, found: word, supported: words)
            }
            kinds.append(kind)
        }
        return kinds
    }
}
