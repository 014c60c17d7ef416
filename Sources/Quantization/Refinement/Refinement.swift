/// What is done to a swept weight before it is finished: passes over all of its columns, none of which raises the damped loss
/// tr((W−Q)(H+λI)(W−Q)ᵀ), which is what the sweep goes by, too. The loss without λ, which is what is reported, may be the larger one
/// afterwards, where λ is large and there was little to gain.
public struct Refinement: Sendable, Equatable {
    /// What a pass changes.
    public enum Parts: String, Sendable, CaseIterable, Codable {
        /// Codes alone: each to its best value while all else stays (coordinate descent, as in QuantEase, arXiv
        /// 2309.01885).
        case codes
        /// Scales alone: each group's to its best value while its codes stay.
        case scales
        /// Both, block of columns after block.
        case both
    }

    /// What a pass changes.
    public var parts: Parts
    /// How many passes, 0 … ``mostPasses``; one that changes nothing is the last one.
    public var passes: Int

    /// - Parameters:
    ///   - parts: what a pass changes.
    ///   - passes: how many, 0 for none.
    public init(parts: Parts = .both, passes: Int) {
        self.parts = parts
        self.passes = passes
    }

    /// More passes than any layer has use for.
    public static let mostPasses = 1000

    /// A sweep is the end of it.
    public static let none = Refinement(passes: 0)

    var changesCodes: Bool { parts != .scales }
    var changesScales: Bool { parts != .codes }
}
