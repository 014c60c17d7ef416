extension ContinuousClock.Instant {
    /// Seconds from this instant to now.
    package var secondsUntilNow: Double { duration(to: .now) / .seconds(1) }
}
