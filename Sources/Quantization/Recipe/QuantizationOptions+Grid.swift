extension QuantizationOptions {
    /// Which numbers a weight can become.
    public struct Grid: Sendable, Equatable {
        /// Bits of a code: 2, 3, 4 or 8.
        public var bits = 4
        /// Weights that share a scale and a zero point; nil for a whole channel.
        public var groupSize: Int? = 128
        /// Whether the zero point is 2^(bits − 1) in every group, or found for each group.
        public var isSymmetric = false
        /// The type in which scales are stored.
        public var scaleType = ScaleType.bfloat16
        /// How much of a group's range its grid covers.
        public var ranges = RangeRule.full

        /// The bit widths of this engine: 2, 3, 4 and 8.
        public static let supportedBits = [2, 3, 4, 8]

        func validate() throws(QuantizationError) {
            guard Self.supportedBits.contains(bits) else { throw .unsupportedBits(found: bits) }
            if let groupSize, groupSize < 1 { throw .invalidGroupSize(found: groupSize) }
        }
    }
}

/// How much of a group's range its grid covers. What lies outside is clamped, and the rest of the group gets the finer grid
/// (MSE clipping); with few levels that is a good trade.
public enum RangeRule: String, Sendable, CaseIterable, Codable {
    /// All of it: every weight lies inside the grid.
    case full = "minmax"
    /// Of 49 parts of it, the one with the smallest sum of squared errors before its scale is rounded. Errors are weighted by
    /// diag(H) where a group runs through several inputs; an inactive input counts as much as its damping.
    case search
}
