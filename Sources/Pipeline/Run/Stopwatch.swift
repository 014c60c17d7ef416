import AdaDimQuantization

/// Adds up the seconds of work that comes in pieces.
struct Stopwatch: Sendable {
    private(set) var seconds = 0.0

    mutating func time<Result>(_ body: () throws -> Result) rethrows -> Result {
        let start = ContinuousClock.now
        defer { seconds += start.secondsUntilNow }
        return try body()
    }
}
