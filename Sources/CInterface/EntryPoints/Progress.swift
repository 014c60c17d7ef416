import AdaDimCHeader
import AdaDimLinearAlgebra
import AdaDimQuantization

/// A caller's callback, which may cancel.
final class Progress: Sendable {
    let cancellation = Cancellation()
    private let callback: adadim_progress
    // The caller's own affair: it is only passed on.
    private nonisolated(unsafe) let context: UnsafeMutableRawPointer?

    init?(_ callback: adadim_progress?, _ context: UnsafeMutableRawPointer?) {
        guard let callback else { return nil }
        self.callback = callback
        self.context = context
    }

    /// Not called again once it has cancelled.
    func report(_ share: Double) {
        if !cancellation.isCancelled && callback(share, context) != 0 { cancellation.cancel() }
    }
}
