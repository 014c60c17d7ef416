import Dispatch
import Foundation
import Glibc
import Synchronization

/// Turns Ctrl-C and a request to terminate into a wish that a run looks at between its steps, so that it can clean up.
/// A second signal ends the process at once; what is left behind then is a hidden partial directory, never an output.
final class Interruption: Sendable {
    private let wish = Atomic<Int32>(0)
    private let sources: [any DispatchSourceSignal]

    /// The signal that came, if one did.
    var signal: Int32? {
        let number = wish.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// - Parameter onFirst: called when the first signal comes, from another thread.
    init(onFirst: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "adadim.interruption")
        sources = [SIGINT, SIGTERM].map { number in
            Glibc.signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        for (source, number) in zip(sources, [SIGINT, SIGTERM]) {
            source.setEventHandler { [weak self] in
                guard let self else { return }
                if self.wish.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
                onFirst()
            }
            source.resume()
        }
    }
}
