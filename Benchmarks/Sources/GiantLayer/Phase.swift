import Foundation
import Results
import Synchronization

/// A phase of the work: what it needs, what it has taken so far, and a line for every tenth of it.
final class Phase: Sendable {
    let flops: Double
    private let name: String
    private let state = Mutex((seconds: 0.0, tenths: 0))

    init(_ name: String, flops: Double) {
        self.name = name
        self.flops = flops
    }

    /// All of some phases.
    convenience init(_ name: String, of phases: [Phase]) {
        self.init(name, flops: phases.reduce(0) { $0 + $1.flops })
        add(seconds: phases.reduce(0) { $0 + $1.seconds })
    }

    var seconds: Double { state.withLock(\.seconds) }

    func time<Result>(_ work: () throws -> Result) rethrows -> Result {
        let start = ContinuousClock.now
        defer { add(since: start) }
        return try work()
    }

    func add(since start: ContinuousClock.Instant) {
        add(seconds: start.duration(to: .now) / .seconds(1))
    }

    private func add(seconds: Double) {
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

    /// - Parameter rate: of `sgemm`, in flops per second.
    func row(rate: Double, residual: Double, relativeLoss: Double? = nil) -> Row {
        Row(
            work: name, kernel: "environment", flops: flops, seconds: seconds, shareOfSgemm: flops / seconds / rate,
            residual: residual, relativeLoss: relativeLoss)
    }
}

/// Prints a line at once, past the buffer that would hold it back for minutes.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
