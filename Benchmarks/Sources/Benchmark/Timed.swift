import AdaDim

/// What a run gave, and the rate of `sgemm` beside it in flops per second.
struct Timed<Run> {
    let run: Run
    let rate: Double

    /// One run after another, the rate of `sgemm` measured before, between and after them: a machine whose speed drifts
    /// does so to both. A run's rate is the mean of its two neighbours.
    static func runs(_ count: Int, _ work: () throws -> Run) rethrows -> [Timed] {
        var before = BLASLibrary.productRate(repeats: 1)
        return try (0..<count).map { _ in
            let run = try work()
            let after = BLASLibrary.productRate(repeats: 1)
            defer { before = after }
            return Timed(run: run, rate: (before + after) / 2)
        }
    }
}

/// Seconds of a work in one run, and the rate of `sgemm` beside it.
struct Sample {
    let seconds: Double
    let rate: Double
}

extension Array {
    /// One part of every run.
    func samples<Run>(_ seconds: KeyPath<Run, Double>) -> [Sample] where Element == Timed<Run> {
        map { Sample(seconds: $0.run[keyPath: seconds], rate: $0.rate) }
    }
}
