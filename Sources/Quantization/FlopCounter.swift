import AdaDimLinearAlgebra

/// Counts flops of a known total, reports their share, and knows whether the rest is to be cancelled.
package final class FlopCounter: Sendable {
    /// Flops done, and the share that was reported last.
    private let done = Guarded((flops: 0.0, share: 0.0))
    private let total: Double
    private let progress: @Sendable (Double) -> Void
    private let cancellation: Cancellation?

    /// - Parameters:
    ///   - total: flops.
    ///   - progress: called from any thread, one call at a time, with shares that never fall.
    package init(total: Double, cancellation: Cancellation?, progress: @escaping @Sendable (Double) -> Void) {
        self.total = total
        self.progress = progress
        self.cancellation = cancellation
    }

    package func add(_ flops: Double) {
        done.withLock { done in
            done.flops += flops
            done.share = max(done.share, min(1, done.flops / total))
            progress(done.share)
        }
    }

    package var isCancelled: Bool { cancellation?.isCancelled ?? false }

    package func checkCancelled() throws(QuantizationError) {
        if isCancelled { throw .cancelled }
    }
}
