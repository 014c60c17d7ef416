import Dispatch
import Foundation
import Glibc
import Synchronization

/// Turns Ctrl-C, a request to terminate and the loss of the terminal into a wish that a run looks at between its steps,
/// so that it can clean up.
/// A second signal ends the process at once; what is left behind then is a hidden partial output, never one under its name.
final class Interruption: Sendable {
    private let wish = Atomic<Int32>(0)
    // Dispatch sources may be used from any thread; Dispatch does not say so to the compiler.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    /// The signal that came, if one did.
    var signal: Int32? {
        let number = wish.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// A run under nohup outlives its terminal.
    private static var signals: [Int32] {
        var hangUp = sigaction()
        sigaction(SIGHUP, nil, &hangUp)
        let ignored = unsafeBitCast(SIG_IGN, to: Int.self)
        let isIgnored = unsafeBitCast(hangUp.__sigaction_handler.sa_handler, to: Int.self) == ignored
        return isIgnored ? [SIGINT, SIGTERM] : [SIGINT, SIGTERM, SIGHUP]
    }

    /// - Parameter onFirst: called when the first signal comes, from another thread.
    init(onFirst: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "adadim.interruption")
        let numbers = Self.signals
        sources = numbers.map { number in
            Glibc.signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        for (source, number) in zip(sources, numbers) {
            source.setEventHandler { [weak self] in
                guard let self else { return }
                if self.wish.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
                onFirst()
            }
            source.resume()
        }
    }
}
