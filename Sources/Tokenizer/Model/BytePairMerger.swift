import HeapModule

/// Merges the symbols of one word; keeps its memory from word to word.
struct BytePairMerger {
    private struct Symbol {
        /// -1 once it has been merged into its left neighbour.
        var id: Int32
        /// Neighbours' indices, -1 where there is none.
        var previous: Int32
        var next: Int32
    }

    /// A merge that was possible when it was queued, of the symbol at `position` and the one after it.
    private struct Candidate: Comparable {
        let rank: Int32
        let position: Int32
        let id: Int32

        static func < (left: Candidate, right: Candidate) -> Bool {
            (left.rank, left.position) < (right.rank, right.position)
        }

        static func == (left: Candidate, right: Candidate) -> Bool {
            left.rank == right.rank && left.position == right.position
        }
    }

    private var symbols: [Symbol] = []
    private var queue = Heap<Candidate>()

    /// Applies merges to `ids`, lowest rank first and leftmost among equals, until none applies.
    ///
    /// - Complexity: O(n log n) for n symbols.
    mutating func merge(_ ids: inout [Int32], by model: BytePairEncoding) {
        guard ids.count > 1 else { return }
        symbols.removeAll(keepingCapacity: true)
        for (index, id) in ids.enumerated() {
            let next = index + 1 < ids.count ? Int32(index + 1) : -1
            symbols.append(Symbol(id: id, previous: Int32(index) - 1, next: next))
        }
        var candidates: [Candidate] = []
        for index in 1..<ids.count {
            if let merge = model.merges[BytePairEncoding.pair(ids[index - 1], ids[index])] {
                candidates.append(Candidate(rank: merge.rank, position: Int32(index - 1), id: merge.id))
            }
        }
        queue = Heap(candidates)
        while let candidate = queue.popMin() {
            let position = Int(candidate.position)
            guard symbols[position].id >= 0, symbols[position].next >= 0 else { continue }
            let right = Int(symbols[position].next)
            // The pair may have changed since. It is enough that the present pair makes the same token, of any rank:
            // the library's test.
            guard let merge = model.merges[BytePairEncoding.pair(symbols[position].id, symbols[right].id)],
                merge.id == candidate.id
            else { continue }
            symbols[position].id = candidate.id
            symbols[position].next = symbols[right].next
            symbols[right].id = -1
            let next = symbols[position].next
            if next >= 0 { symbols[Int(next)].previous = candidate.position }
            enqueue(symbols[position].previous, model)
            enqueue(candidate.position, model)
        }
        ids.removeAll(keepingCapacity: true)
        for symbol in symbols where symbol.id >= 0 { ids.append(symbol.id) }
    }

    private mutating func enqueue(_ position: Int32, _ model: BytePairEncoding) {
        guard position >= 0 else { return }
        let left = symbols[Int(position)]
        guard left.next >= 0 else { return }
        let pair = BytePairEncoding.pair(left.id, symbols[Int(left.next)].id)
        if let merge = model.merges[pair] {
            queue.insert(Candidate(rank: merge.rank, position: position, id: merge.id))
        }
    }
}
