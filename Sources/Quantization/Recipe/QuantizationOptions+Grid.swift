import AdaDimQuantizedMatrices

extension QuantizationOptions {
    /// Which numbers a weight can become.
    public struct Grid: Sendable, Hashable {
        /// Scales on two levels, of this type; nil for scales that are stored as they are. Setting it sets what follows from it:
        /// ``bits``, ``groupSize`` and ``isSymmetric``. Groups are per-OC then, also where the direction is adaptive; rows are
        /// whole groups of 256 weights; grids are searched under diag(H) and set before the sweep; ``scaleType`` and ``ranges``
        /// do not count. Setting nil changes nothing else.
        public var twoLevel: TwoLevelType? {
            didSet {
                guard let twoLevel else { return }
                bits = twoLevel.bits
                groupSize = twoLevel.groupSize
                isSymmetric = !twoLevel.hasOffsets
            }
        }
        /// Bits of a code: 2, 3, 4 or 8; those of a two-level type.
        public var bits = 4
        /// Weights that share a scale and a zero point; nil for a whole channel.
        public var groupSize: Int? = 128
        /// Whether the zero point is 2^(bits − 1) in every group, or found for each group.
        public var isSymmetric = false
        /// The type in which scales are stored.
        public var scaleType = ScaleType.bfloat16
        /// How much of a group's range its grid covers.
        public var ranges = RangeRule.full

        /// A uniform grid of 4 bits in groups of 128.
        public init() {}

        /// The bit widths of this engine's uniform grids: 2, 3, 4 and 8.
        public static let supportedBits = [2, 3, 4, 8]

        /// The same in words.
        package static var bitsText: String {
            supportedBits.dropLast().map(String.init).joined(separator: ", ") + " or \(supportedBits.last ?? 0)"
        }

        /// Whether grids come from a search under diag(H).
        var searchesRanges: Bool { ranges == .search || twoLevel != nil }

        func validate() throws(QuantizationError) {
            if let twoLevel { return try validate(twoLevel) }
            guard Self.supportedBits.contains(bits) else {
                throw .settingOutOfRange("bits", found: "\(bits)", expected: Self.bitsText)
            }
            if let groupSize, groupSize < 1 {
                throw .settingOutOfRange("groupSize", found: "\(groupSize)", expected: "a positive number")
            }
        }

        private func validate(_ type: TwoLevelType) throws(QuantizationError) {
            func refuse(_ name: String, found: String, expected: String) throws(QuantizationError) {
                throw .settingOutOfRange(
                    name, found: found, expected: "\(expected), which follows from gridType \(type.rawValue)")
            }
            if bits != type.bits { try refuse("bits", found: "\(bits)", expected: "\(type.bits)") }
            if groupSize != type.groupSize {
                try refuse(
                    "groupSize", found: groupSize.map(String.init) ?? "a whole channel", expected: "\(type.groupSize)")
            }
            if isSymmetric == type.hasOffsets {
                try refuse("symmetric", found: "\(isSymmetric)", expected: "\(!type.hasOffsets)")
            }
        }
    }
}

extension QuantizationOptions.Grid: Codable {
    private enum Key: String, CodingKey {
        case gridType, bits, groupSize, scaleType, ranges
        case isSymmetric = "symmetric"
    }

    /// The setting that says which grids there are.
    package static let typeName = Key.gridType.stringValue
    /// The settings that follow from it where it names a two-level type.
    package static let namesThatFollowType = [Key.bits, .groupSize, .isSymmetric].map(\.stringValue)
    private static let uniformName = "uniform"

    /// `uniform`, or the name of the two-level type.
    package var typeName: String { twoLevel?.rawValue ?? Self.uniformName }

    /// All names of grids.
    package static var typeNames: [String] { [uniformName] + TwoLevelType.allCases.map(\.rawValue) }

    /// The default grid of a type's name; nil where there is none of that name.
    package init?(typeNamed name: String) {
        self.init()
        let type = TwoLevelType(rawValue: name)
        guard type != nil || name == Self.uniformName else { return nil }
        // Observers do not run in initializers.
        set(type)
    }

    private mutating func set(_ type: TwoLevelType?) { twoLevel = type }

    /// Writes every setting by its name in reports and recipes; `groupSize` is null for a whole channel, and `gridType` is
    /// `uniform` or the name of a two-level type.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(typeName, forKey: .gridType)
        try container.encode(bits, forKey: .bits)
        // Null for a whole channel.
        try container.encode(groupSize, forKey: .groupSize)
        try container.encode(isSymmetric, forKey: .isSymmetric)
        try container.encode(scaleType, forKey: .scaleType)
        try container.encode(ranges, forKey: .ranges)
    }

    /// Reads what ``encode(to:)`` writes; grids are uniform where there is no `gridType`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let name = try container.decodeIfPresent(String.self, forKey: .gridType) ?? Self.uniformName
        guard let typed = Self(typeNamed: name) else {
            throw DecodingError.dataCorruptedError(
                forKey: .gridType, in: container, debugDescription: "expected \(Self.typeNames.joined(separator: ", "))"
            )
        }
        self = typed
        bits = try container.decode(Int.self, forKey: .bits)
        groupSize = try container.decode(Int?.self, forKey: .groupSize)
        isSymmetric = try container.decode(Bool.self, forKey: .isSymmetric)
        scaleType = try container.decode(ScaleType.self, forKey: .scaleType)
        ranges = try container.decode(RangeRule.self, forKey: .ranges)
    }
}
