/// A damping that was tried and left the Gram matrix without a Cholesky factor.
public struct DampingAttempt: Sendable, Equatable, Codable {
    /// λ as a share of the mean diagonal of H.
    public let share: Double
    /// The input whose pivot was not positive.
    public let failedInput: Int

    package init(share: Double, failedInput: Int) {
        self.share = share
        self.failedInput = failedInput
    }
}
