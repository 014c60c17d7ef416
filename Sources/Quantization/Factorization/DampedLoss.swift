/// What a sweep lost: Σⱼ Vⱼⱼ²·‖w′ⱼ − Qⱼ‖² and Σⱼ ridgeⱼ·‖eⱼ‖².
struct SweepLoss: Sendable, BitwiseCopyable {
    var damped = 0.0
    var ridge = 0.0

    /// L, never below zero, where rounding could take it.
    /// - Throws: ``QuantizationError/lossNotFinite``.
    func undamped() throws(QuantizationError) -> Double {
        // Before the maximum, which would make a perfect loss of NaN.
        guard damped.isFinite && ridge.isFinite else { throw .lossNotFinite }
        return max(0, damped - ridge)
    }

    static func += (sum: inout SweepLoss, other: SweepLoss) {
        sum.damped += other.damped
        sum.ridge += other.ridge
    }
}
