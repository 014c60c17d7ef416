import AdaDimReports
import Foundation
import Logging

extension AppliedDamping {
    /// Reports raised damping and dead columns of a factor.
    /// - Parameter subject: the layer or layers that it is for.
    func log(to log: Logger, subject: String) {
        // Reports have every attempt.
        if let first = failedAttempts.first {
            let steps = failedAttempts.count
            log.warning(
                """
                \(subject): damping raised from \(short(first.share)) to \(short(share)) of the mean diagonal in \
                \(steps) \(steps == 1 ? "step" : "steps"): not positive definite before
                """
            )
        }
        if inactiveInputs.count == inputs {
            log.notice(
                """
                \(subject): none of the \(inputs) inputs was ever active: rounded to nearest; the loss is zero on this \
                text, and unknown on another
                """
            )
        } else if !inactiveInputs.isEmpty {
            log.notice("\(subject): \(inactiveInputs.count) dead columns are rounded to nearest")
        }
    }
}

/// A number without the last digits that repeated multiplication leaves.
private func short(_ number: Double) -> String { String(format: "%g", number) }
