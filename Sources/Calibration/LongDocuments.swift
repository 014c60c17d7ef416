/// Which of some documents have room for a sequence, and where in them one may begin.
package struct LongDocuments: Sendable, Equatable {
    package let length: Int
    /// Positions of the documents of at least `length` tokens.
    package let documents: [Int]
    /// For each of them, the number of beginnings up to its end.
    private let ends: [Int]
    /// How many documents are too short, and the tokens in them, of so many.
    package let leftOut: (documents: Int, tokens: Int)
    package let all: (documents: Int, tokens: Int)

    /// - Parameters:
    ///   - counts: the tokens of each document.
    ///   - length: tokens of a sequence, at least 1.
    /// - Throws: ``CorpusError/documentsTooShort(documents:longest:length:)`` where none has room.
    package init(_ counts: [Int], length: Int) throws(CorpusError) {
        self.length = length
        documents = counts.indices.filter { counts[$0] >= length }
        guard !documents.isEmpty else {
            throw .documentsTooShort(documents: counts.count, longest: counts.max() ?? 0, length: length)
        }
        var sum = 0
        ends = documents.map { document in
            sum += counts[document] - length + 1
            return sum
        }
        all = (counts.count, counts.reduce(0, +))
        leftOut = (all.documents - documents.count, all.tokens - documents.reduce(0) { $0 + counts[$1] })
    }

    /// In how many places a sequence may begin.
    package var beginnings: Int { ends.last ?? 0 }

    /// Where one of the beginnings is, counted over all documents.
    package func place(of beginning: Int) -> (document: Int, start: Int) {
        precondition((0..<beginnings).contains(beginning), "beginning \(beginning) of \(beginnings)")
        var (low, high) = (0, ends.count)
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] <= beginning { low = middle + 1 } else { high = middle }
        }
        return (documents[low], beginning - (low > 0 ? ends[low - 1] : 0))
    }

    /// That documents are left out; nil where none is.
    package func notice(file: String) -> String? {
        guard leftOut.documents > 0 else { return nil }
        return "\(file): \(leftOut.documents) of \(all.documents) documents have fewer tokens than a sequence, "
            + "\(length), and are left out, with them \(leftOut.tokens) of \(all.tokens) tokens"
    }

    package static func == (left: LongDocuments, right: LongDocuments) -> Bool {
        left.length == right.length && left.documents == right.documents && left.ends == right.ends
            && left.leftOut == right.leftOut && left.all == right.all
    }
}
