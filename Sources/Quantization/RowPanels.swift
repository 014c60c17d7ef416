import AdaDimLinearAlgebra

/// How the rows of a weight are cut into panels that are worked on side by side, each with BLAS on its own thread. A
/// panel holds whole per-IC groups.
package struct RowPanels: Sendable, Equatable {
    package let ranges: [Range<Int>]
    /// How many run at the same time: as many as there are threads, or one that gets all of them.
    package let atOnce: Int

    /// Rows of a panel from which a second one to each thread costs its products no speed.
    private static let ampleRows = 512
    /// Bytes of working memory of one panel, at most, unless its fewest rows need more.
    package static let memoryBudget = 256 << 20

    /// - Parameters:
    ///   - rows: of the weight.
    ///   - alignment: rows that stay together, the per-IC group size or 1.
    ///   - bytesPerRow: working memory of a row.
    ///   - threads: panels that run at the same time.
    ///   - memoryBudget: bytes of working memory of one panel, at most, unless its fewest rows need more.
    package init(
        rows: Int, alignment: Int, bytesPerRow: Int, threads: Int, memoryBudget: Int = RowPanels.memoryBudget
    ) {
        let unit = Self.unit(alignment)
        let units = (rows + unit - 1) / unit
        let most = max(1, memoryBudget / max(1, bytesPerRow * unit))
        var count = max(1, (units + most - 1) / most)
        // With fewer units than threads one panel at a time gets all threads.
        atOnce = units >= threads ? threads : 1
        if atOnce > 1 {
            // A multiple of the threads; two to each if they are high enough, so that a slow one does not keep the
            // others waiting.
            let ample = units / (2 * threads) * unit >= Self.ampleRows
            count = max((count + threads - 1) / threads * threads, threads * (ample ? 2 : 1))
        }
        let perPanel = (units + count - 1) / count
        ranges = stride(from: 0, to: rows, by: perPanel * unit).map { $0..<min($0 + perPanel * unit, rows) }
    }

    /// The least multiple of the alignment that is whole tiles of 64 rows or longer than them.
    private static func unit(_ alignment: Int) -> Int { (64 + alignment - 1) / alignment * alignment }

    /// Runs `job`, which may call BLAS, on each panel's number and rows.
    func run(_ job: @Sendable (_ index: Int, _ rows: Range<Int>) -> Void) {
        if atOnce > 1 {
            concurrentlyCallingBLAS(ranges.count, workers: atOnce) { job($0, ranges[$0]) }
        } else {
            for (index, rows) in ranges.enumerated() { job(index, rows) }
        }
    }

    /// Working memory of all panels that run at the same time, bytes.
    static func bytes(rows: Int, alignment: Int, bytesPerRow: Int, threads: Int) -> Int {
        let panels = RowPanels(rows: rows, alignment: alignment, bytesPerRow: bytesPerRow, threads: threads)
        return min(panels.atOnce, panels.ranges.count) * (panels.ranges.first?.count ?? 0) * bytesPerRow
    }
}
