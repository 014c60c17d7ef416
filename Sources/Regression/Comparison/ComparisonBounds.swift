import AdaDimQuantization

/// By how much a run may differ from its baseline where BLAS, its kernels, the compiler, the processor or the number of
/// threads is another. What never depends on them (round to nearest, refusals) must be the same always, and everything
/// must be where none of them differs.
///
/// The sums that make H, V and a sweep's w′ are rounded differently by every kernel. A code whose w′ stands near a tie
/// may flip, and from there on its row (per-IC: its tile of g rows, which share grids) is swept by other numbers, to
/// codes that are as good. So what matters is how many rows or tiles meet a tie: few, and no bound in eps·n says how
/// few. The figures are four times the largest that were seen between the libraries, kernels and thread counts of
/// Documentation/Regression.md, which has the commands.
package struct ComparisonBounds: Sendable, Codable, Equatable {
    /// Rows or tiles whose codes may all differ, in Float.
    package var flippedUnits = 4
    /// Share of a run's codes that may differ if that is more.
    package var flippedShare = 0.025
    /// Share of codes that may differ in Double; none was seen to.
    package var flippedShareInDouble = 0.0
    /// Relative difference of a loss to the share of codes that differ, beside what rounding explains.
    package var lossToAFlip = 1.5

    package init() {}

    /// The share of a run's codes that may differ.
    func flippedShare(_ record: CaseRecord, _ run: CaseRecord.Run) -> Double {
        // To working precision such a Gram matrix is singular, and V's last columns are made of rounding errors.
        if record.factor.isRaised { return 1 }
        if record.arithmetic == .double { return flippedShareInDouble }
        let units = (record.out + run.unitRows - 1) / run.unitRows
        return min(1, max(flippedShare, Double(flippedUnits) / Double(units)))
    }
}
