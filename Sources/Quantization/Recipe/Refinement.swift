import AdaDimQuantizedMatrices

/// What improves a swept weight: passes over all of its columns. No pass raises the damped loss tr((W−Q)(H+λI)(W−Q)ᵀ), which the
/// sweep minimizes, too. The loss without λ, which is reported, may rise where λ is large and there was little to gain.
public struct Refinement: Sendable, Hashable, Codable {
    /// What a pass changes.
    public enum Parts: String, Sendable, NamedChoice {
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
    /// The most passes, 0 … ``mostPasses``; one that changes nothing is the last one.
    public var passes: Int

    private enum CodingKeys: String, CodingKey {
        case passes
        case parts = "refine"
    }

    /// - Parameters:
    ///   - parts: what a pass changes.
    ///   - passes: the most passes, 0 for none.
    public init(parts: Parts = .both, passes: Int = 0) {
        self.parts = parts
        self.passes = passes
    }

    /// More passes than any layer has use for.
    public static let mostPasses = 1000

    var changesCodes: Bool { parts != .scales }
    var changesScales: Bool { parts != .codes }

    func validate() throws(QuantizationError) {
        guard (0...Self.mostPasses).contains(passes) else {
            throw .settingOutOfRange("passes", found: "\(passes)", expected: "0 to \(Self.mostPasses)")
        }
    }
}
