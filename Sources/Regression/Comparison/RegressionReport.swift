/// The result of a run: judged by its identities, and compared with its baseline.
package struct RegressionReport: Sendable, Codable, Equatable {
    package var isGreen: Bool
    package var environment: RegressionEnvironment
    /// Flop/s of a float32 product of order 512 on the run's threads: no number of a case depends on it.
    package var productRate: Double
    /// Of the baseline; nil while one is being recorded.
    package var baseline: RegressionEnvironment?
    /// The differences between the two, a line each; if there is none, numbers must be the same to the last bit.
    package var differences: [String]
    package var isExact: Bool
    package var bounds: ComparisonBounds
    package var cases: [Verdict]
    package var refusals: [Verdict]
    /// Cases of the baseline that were not run, and cases that were run and are not in it.
    package var leftOut: [String]
    package var added: [String]
    /// The worst of each kind, whether within its bound or not.
    package var worst: [Offender]

    /// One case or refusal.
    package struct Verdict: Sendable, Codable, Equatable {
        package var name: String
        package var failures: [Failure]
        package var seconds: Double
        /// Compared with the baseline's, for those that can be compared.
        package var runs: [RunDifference] = []

        package init(name: String, failures: [Failure] = [], seconds: Double = 0) {
            self.name = name
            self.failures = failures
            self.seconds = seconds
        }
    }

    /// How far a run is from the baseline's.
    package struct RunDifference: Sendable, Codable, Equatable {
        package var name: String
        /// Share of codes that differ.
        package var flippedShare: Double
        /// Relative difference of the loss, and how much of it rounding may explain.
        package var lossDifference: Double
        package var lossRounding: Double
    }

    package struct Failure: Sendable, Codable, Equatable {
        /// An identity's name, or a kind of comparison.
        package var kind: String
        package var text: String

        package init(kind: String, text: String) {
            self.kind = kind
            self.text = text
        }
    }

    package struct Offender: Sendable, Codable, Equatable {
        package var kind: String
        package var name: String
        package var value: Double
        package var bound: Double
        package var text: String
    }

    package var redCases: [Verdict] { (cases + refusals).filter { !$0.failures.isEmpty } }
}

/// Kinds of comparison with a baseline, in addition to the identities.
package enum ComparisonKind: String, Sendable, CaseIterable {
    case error
    case source
    case exactness
    case flips = "flipped codes"
    case loss = "relative loss"
    case damping = "damping used"
    case shape
}
