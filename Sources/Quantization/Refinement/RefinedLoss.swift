/// What refining a panel, or a layer's panels, left.
struct RefinedLoss: Sendable, BitwiseCopyable {
    var loss = SweepLoss()
    /// Passes that were made, of several panels the most.
    var passes = 0

    static func += (sum: inout RefinedLoss, other: RefinedLoss) {
        sum.loss += other.loss
        sum.passes = max(sum.passes, other.passes)
    }
}
