import AdaDimLinearAlgebra
import AdaDimQuantization

/// The damping of a factor, and its dead columns.
package struct AppliedDamping: Sendable {
    /// λ, in the units of the Gram matrix, and as a share of its mean diagonal.
    package let damping: Double
    package let share: Double
    package let failedAttempts: [DampingAttempt]
    package let inactiveInputs: [Int]
    /// How many inputs there are.
    package let inputs: Int

    package init(_ factor: GramFactor<Float>) {
        damping = factor.damping
        share = factor.dampingShare
        failedAttempts = factor.failedAttempts
        inactiveInputs = factor.inactiveInputs
        inputs = factor.inputs
    }

    /// Of a layer without a factor.
    package init(withoutFactor inputs: Int) {
        (damping, share, failedAttempts, inactiveInputs) = (0, 0, [], [])
        self.inputs = inputs
    }
}
