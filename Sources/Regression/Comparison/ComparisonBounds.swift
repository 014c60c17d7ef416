import AdaDimQuantization

/// By how much a run may differ from its baseline where BLAS, its kernels, the compiler, the processor or the number of
/// threads is another. What never depends on them (round to nearest on grids of one level, refusals) must be the same always, and
/// everything must be where none of them differs.
///
/// The sums that make H, V and a sweep's w′ are rounded differently by every kernel. A code whose w′ stands near a tie
/// may flip, and from there on its row (per-IC: its tile of g rows, which share grids) is swept by other numbers, to
/// codes that are as good. So rows or tiles are counted: m of them are expected to meet a tie, four standard deviations
/// more are allowed, and ``unitsBesides`` for what m leaves out: V itself is another. That figure, and ``lossToAFlip``,
/// are four times the largest seen between the libraries, kernels and thread counts of Documentation/Regression.md,
/// which has the commands.
package struct ComparisonBounds: Sendable, Codable, Equatable {
    /// Rows or tiles whose codes may all differ, in addition to the expected number.
    package var unitsBesides = 4.0
    /// The same in Double, where none was seen.
    package var unitsBesidesInDouble = 1.0
    /// Relative difference of a loss to the share of codes that differ, beyond what rounding explains.
    package var lossToAFlip = 1.25

    package init() {}

    /// The share of a run's codes that may differ.
    func flippedShare(_ record: CaseRecord, _ run: CaseRecord.Run) -> Double {
        // To working precision such a Gram matrix is singular, and V's last columns are made of rounding errors.
        if record.factor.isRaised { return 1 }
        let units = Double((record.out + run.unitRows - 1) / run.unitRows)
        // Of a code's bound τ, which grows with n, only the root is used up where roundings are random (Higham and Mary,
        // 2019).
        let nearTie = run.shareNearTies / Double(record.inputs + 8).squareRoot()
        let expected = units * min(1, Double(run.unitRows * record.inputs) * nearTie)
        let besides = record.arithmetic == .float ? unitsBesides : unitsBesidesInDouble
        return min(1, (expected + 4 * expected.squareRoot() + besides) / units)
    }
}
