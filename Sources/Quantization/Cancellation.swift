import Synchronization

/// Stops a call that is under way: pass one to it, and call ``cancel()`` from any thread. The call ends soon, with
/// ``QuantizationError/cancelled``. One may be passed to several calls, which all end then.
public final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)

    /// One that is not cancelled yet.
    public init() {}

    /// Asks the calls to end. Cannot be taken back; a second time changes nothing.
    public func cancel() { flag.store(true, ordering: .relaxed) }

    /// Whether ``cancel()`` has been called.
    public var isCancelled: Bool { flag.load(ordering: .relaxed) }
}
