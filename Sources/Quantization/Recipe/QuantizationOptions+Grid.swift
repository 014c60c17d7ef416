import AdaDimQuantizedMatrices

extension QuantizationOptions {
    /// Which numbers a weight can become.
    public struct Grid: Sendable, Hashable {
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

        /// The same in words.
        package static var bitsText: String {
            supportedBits.dropLast().map(String.init).joined(separator: ", ") + " or \(supportedBits.last ?? 0)"
        }

        func validate() throws(QuantizationError) {
            guard Self.supportedBits.contains(bits) else {
                throw .settingOutOfRange("bits", found: "\(bits)", expected: Self.bitsText)
            }
            if let groupSize, groupSize < 1 {
                throw .settingOutOfRange("groupSize", found: "\(groupSize)", expected: "a positive number")
            }
        }
    }
}

extension QuantizationOptions.Grid: Codable {
    private enum Key: String, CodingKey {
        case bits, groupSize, scaleType, ranges
        case isSymmetric = "symmetric"
    }

    /// Writes every setting by its name in reports and recipes; `groupSize` is null for a whole channel.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(bits, forKey: .bits)
        // Null for a whole channel.
        try container.encode(groupSize, forKey: .groupSize)
        try container.encode(isSymmetric, forKey: .isSymmetric)
        try container.encode(scaleType, forKey: .scaleType)
        try container.encode(ranges, forKey: .ranges)
    }

    /// Reads what ``encode(to:)`` writes.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        bits = try container.decode(Int.self, forKey: .bits)
        groupSize = try container.decode(Int?.self, forKey: .groupSize)
        isSymmetric = try container.decode(Bool.self, forKey: .isSymmetric)
        scaleType = try container.decode(ScaleType.self, forKey: .scaleType)
        ranges = try container.decode(RangeRule.self, forKey: .ranges)
    }
}
