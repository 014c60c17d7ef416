/// The identities of a run's own numbers, for any BLAS, compiler and processor.
package enum Identity: String, Sendable, Codable, CaseIterable {
    /// H = X·Xᵀ.
    case gram
    /// λ is the asked-for share of H's mean diagonal, raised only where there was no factor.
    case damping
    /// V·Vᵀ = H + λI, V upper triangular.
    case factor
    /// The columns' order is one of descending diagonal.
    case order
    /// Every code is the updated weight rounded on its group's grid.
    case codes
    /// Every scale and zero point is that of exactly its group's updated weights.
    case grids
    /// Of the ranges that a search tries none leaves less than the one that was taken.
    case ranges
    /// Passes over a swept layer do not raise its damped loss.
    case refinement
    /// The reported loss is tr((W−Q)·H·(W−Q)ᵀ).
    case loss
    /// The reported ‖WX‖² is tr(W·H·Wᵀ).
    case outputEnergy = "output energy"
    /// An adaptive layer runs in the direction of the smaller loss.
    case choice
    /// Packed codes are the codes.
    case packing
    /// Losses and scales are numbers, codes are below 2^bits.
    case finite
    /// What must be refused is refused, with the right error.
    case refusal
    /// The judge's own products, by BLAS in Double, agree with plain loops.
    case judge
}

/// How far an identity was from failing.
package struct Finding: Sendable, Codable, Equatable {
    /// The deviation in units of its bound: beyond 1 the identity does not hold.
    package let ratio: Double
    /// Where that was, and what was found.
    package let text: String

    package var holds: Bool { ratio <= 1 }

    package init(ratio: Double, _ text: String) {
        // A ratio that is not a number is a failure; JSON has no infinity.
        self.ratio = ratio < Self.beyondAll ? ratio : Self.beyondAll
        self.text = text
    }

    /// Represents an unbounded deviation.
    package static let beyondAll = 1e300
}

/// The worst finding of each identity.
package struct Findings: Sendable, Equatable {
    package private(set) var worst: [Identity: Finding] = [:]

    package init() {}

    package mutating func add(_ identity: Identity, _ finding: Finding) {
        if let known = worst[identity], known.ratio >= finding.ratio { return }
        worst[identity] = finding
    }

    package mutating func add(_ identity: Identity, ratio: Double, _ text: @autoclosure () -> String) {
        if let known = worst[identity], known.ratio >= ratio { return }
        worst[identity] = Finding(ratio: ratio, text())
    }

    package mutating func merge(_ other: Findings) {
        for (identity, finding) in other.worst { add(identity, finding) }
    }

    /// Identities that do not hold, in the order of the list.
    package var failed: [Identity] { Identity.allCases.filter { worst[$0]?.holds == false } }
}

/// The largest of many ratios and where it was.
struct WorstElement {
    private(set) var ratio = 0.0
    private(set) var row = 0
    private(set) var column = 0

    /// A deviation and the bound it must not exceed. Zero of zero is fine; NaN is worse than anything.
    mutating func add(_ deviation: Double, bound: Double, _ row: Int, _ column: Int) {
        if deviation <= ratio * bound { return }
        let found = deviation / bound
        ratio = found < Finding.beyondAll ? found : Finding.beyondAll
        (self.row, self.column) = (row, column)
    }
}
