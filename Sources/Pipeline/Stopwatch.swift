/// Adds up the seconds of work that comes in pieces.
struct Stopwatch: Sendable {
    private(set) var seconds = 0.0

    mutating func time<Result>(_ body: () throws -> Result) rethrows -> Result {
        let start = ContinuousClock.now
        defer { seconds += start.secondsUntilNow }
        return try body()
    }
}

extension ContinuousClock.Instant {
    /// Seconds from this instant to now.
    var secondsUntilNow: Double {
        let elapsed = duration(to: .now).components
        return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
    }
}
