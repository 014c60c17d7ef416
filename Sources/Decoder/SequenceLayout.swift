/// How the columns of a batch's matrices divide into sequences, one after the other. Attention never crosses a
/// boundary, and positions count from 0 in each.
package struct SequenceLayout: Sendable, Equatable {
    /// The columns of each sequence.
    package let ranges: [Range<Int>]
    /// For each column, its place in its sequence.
    package let positions: [Int]
    /// What errors call the first sequence, the others following.
    private let firstNumber: Int

    /// Number of columns.
    package var tokens: Int { positions.count }
    /// Length of the longest sequence.
    package var longest: Int { ranges.lazy.map(\.count).max() ?? 0 }

    /// - Precondition: no length is negative.
    package init(lengths: [Int], firstNumber: Int = 0) {
        self.firstNumber = firstNumber
        var ranges: [Range<Int>] = []
        var start = 0
        for length in lengths {
            ranges.append(start..<start + length)
            start += length
        }
        self.ranges = ranges
        positions = ranges.flatMap { Array(0..<$0.count) }
    }

    /// The number of the sequence that a column belongs to, and its place there.
    func place(of column: Int) -> (sequence: Int, position: Int) {
        (firstNumber + (ranges.firstIndex { $0.contains(column) } ?? 0), positions[column])
    }
}
