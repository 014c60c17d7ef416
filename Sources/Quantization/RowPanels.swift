import AdaDimLinearAlgebra

/// How the rows of a weight are cut into panels that are worked on side by side, each with BLAS on its own thread. A panel
/// holds whole per-IC groups.
struct RowPanels: Sendable, Equatable {
    let ranges: [Range<Int>]

    /// Rows of a panel below which its products lose speed.
    private static let fewestRows = 128
    /// Bytes of working memory of one panel, at most, unless its fewest rows need more.
    private static let memoryBudget = 256 << 20

    /// - Parameters:
    ///   - rows: of the weight.
    ///   - alignment: rows that stay together, the per-IC group size or 1.
    ///   - bytesPerRow: working memory of a row.
    ///   - threads: panels that run at the same time.
    init(rows: Int, alignment: Int, bytesPerRow: Int, threads: Int) {
        let unit = Self.unit(alignment)
        let units = (rows + unit - 1) / unit
        let fewest = (Self.fewestRows + unit - 1) / unit
        let most = max(fewest, Self.memoryBudget / max(1, bytesPerRow * unit))
        // Two panels to a thread, so that a slow one does not keep all the others waiting; one, where two would be too low.
        var count = max(1, (units + most - 1) / most)
        for panelsPerThread in threads > 1 ? [1, 2] : [] where units / (threads * panelsPerThread) >= fewest {
            count = max(count, (count + threads - 1) / threads * threads, threads * panelsPerThread)
        }
        let perPanel = (units + count - 1) / count
        ranges = stride(from: 0, to: rows, by: perPanel * unit).map { $0..<min($0 + perPanel * unit, rows) }
    }

    /// The least multiple of the alignment that is whole tiles of 64 rows or longer than them.
    private static func unit(_ alignment: Int) -> Int { (64 + alignment - 1) / alignment * alignment }

    /// Working memory of all panels that run at the same time, bytes.
    static func bytes(rows: Int, alignment: Int, bytesPerRow: Int, threads: Int) -> Int {
        let panels = RowPanels(rows: rows, alignment: alignment, bytesPerRow: bytesPerRow, threads: threads)
        return min(threads, panels.ranges.count) * (panels.ranges.first?.count ?? 0) * bytesPerRow
    }
}
