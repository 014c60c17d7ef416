import AdaDimQuantization
import AdaDimQuantizedMatrices

/// What is kept of one layer's run.
package struct CaseRecord: Sendable, Codable, Equatable {
    package var name: String
    package var out: Int
    package var inputs: Int
    package var options: String
    package var arithmetic: Arithmetic
    /// Threads that products used.
    package var threads: Int
    /// Of the weight and of what the Gram matrix comes from: another one is another layer.
    package var source: String
    /// Digest of H.
    package var gram: String
    package var factor: Factor
    package var runs: [Run]
    /// The worst deviation of each identity, in units of its bound.
    package var identities: [String: Double]
    package var seconds: Double

    package struct Factor: Sendable, Codable, Equatable {
        /// Digest of V.
        package var digest: String
        /// λ, and as a share of the mean diagonal.
        package var damping: Double
        package var dampingShare: Double
        /// Whether less damping was tried and left no factor: to working precision the Gram matrix is singular then.
        package var isRaised: Bool
        /// |V·Vᵀ − (H+λI)| in units of n·eps, relative to the damped diagonal.
        package var residual: Double
        package var inactiveInputs: Int
    }

    /// One quantization of the layer.
    package struct Run: Sendable, Codable, Equatable {
        package var name: String
        package var method: QuantizationOptions.Method
        package var dimension: ChannelDimension
        package var bits: Int
        /// The type of grids on two levels; nil for all other grids.
        package var gridType: TwoLevelType?
        /// Rows that share grids, and so each other's flips: the group for per-IC, else one.
        package var unitRows: Int
        package var loss: Double
        /// What rounding may change the loss by, the codes being what they are.
        package var lossBound: Double
        /// What another order of summation in H may change it by.
        package var sumBound: Double
        package var outputEnergy: Double
        /// How often each code occurs.
        package var histogram: [Int]
        package var codes: String
        package var scales: String
        package var zeroPoints: String
        /// On two-level grids what is subtracted; nil without offsets, as on all other grids.
        package var offsets: String?
        /// Expected share of codes within rounding of a tie.
        package var shareNearTies: Double

        /// Rounded weights do not depend on any sum: they are the same wherever arithmetic is IEEE 754. On two levels they do: grids
        /// are fitted to the weights by least squares under diag(H).
        package var isExactAnywhere: Bool { method == .roundToNearest && gridType == nil }
        /// Against ‖WX‖²; zero for a layer without output.
        package var relativeLoss: Double { outputEnergy > 0 ? loss / outputEnergy : 0 }
    }
}

/// What is kept of one refusal.
package struct RefusalRecord: Sendable, Codable, Equatable {
    package var name: String
    /// The error's text, or that there was none.
    package var text: String
}
