/// A loss in two parts: tr(E·(H + λI)·Eᵀ), which a sweep gives for free, and the share of λ in it, Σⱼ ridgeⱼ·‖eⱼ‖².
struct DampedLoss: Sendable, BitwiseCopyable {
    var damped = 0.0
    var ridge = 0.0

    /// L, never below zero, where rounding could take it.
    /// - Throws: ``QuantizationError/lossNotFinite``.
    func undamped() throws(QuantizationError) -> Double {
        // Before the maximum, which would make a perfect loss of NaN.
        guard damped.isFinite && ridge.isFinite else { throw .lossNotFinite }
        return max(0, damped - ridge)
    }

    static func += (sum: inout DampedLoss, other: DampedLoss) {
        sum.damped += other.damped
        sum.ridge += other.ridge
    }
}
