import AdaDimLinearAlgebra
import Synchronization

/// Stops work that is under way: hand one to it, and call ``cancel()`` from any thread. The work ends soon, with
/// ``QuantizationError/cancelled``. One may be handed to several pieces of work, which all end then.
public final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    /// One that asks for nothing yet.
    public init() {}

    /// Asks the work to end. Cannot be taken back; calling it again changes nothing.
    public func cancel() { flag.store(true, ordering: .relaxed) }

    /// Whether ``cancel()`` has been called.
    public var isCancelled: Bool { flag.load(ordering: .relaxed) }
}

/// Flops done of a known total, told as a share, and whether somebody wants the rest undone.
package final class Work: Sendable {
    /// Flops done, and the share told last.
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
