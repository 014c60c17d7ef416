import Foundation
import Synchronization

/// A stage of the work: what it needs, what it has taken so far, and a line for every tenth of it.
final class Stage: Sendable {
    let flops: Double
    private let name: String
    private let state = Mutex((seconds: 0.0, tenths: 0))

    init(_ name: String, flops: Double) {
        self.name = name
        self.flops = flops
    }

    var seconds: Double { state.withLock(\.seconds) }

    func time<Result>(_ work: () throws -> Result) rethrows -> Result {
        let start = ContinuousClock.now
        defer { add(since: start) }
        return try work()
    }

    func add(since start: ContinuousClock.Instant) {
        let seconds = start.duration(to: .now) / .seconds(1)
        state.withLock { $0.seconds += seconds }
    }

    func show(_ share: Double) {
        let tenths = Int(share * 10 + 1e-6)
        let isNew = state.withLock { state in
            defer { state.tenths = max(state.tenths, tenths) }
            return tenths > state.tenths
        }
        if isNew { say("\(name): \(tenths * 10) %") }
    }

    func text(rate: Double) -> String {
        String(
            format: "%@: %.1f s, %.0f GFLOP/s, %.0f %% of sgemm", name, seconds, flops / seconds * 1e-9,
            100 * flops / seconds / rate)
    }
}

/// Prints a line at once, past the buffer that would hold it back for minutes.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
