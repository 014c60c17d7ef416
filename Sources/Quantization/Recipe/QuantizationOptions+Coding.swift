// The settings as one flat object, by the names that reports and recipes use. A group's own keys stand beside those of the others.

extension QuantizationOptions: Codable {
    private enum Key: String, CodingKey { case method }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(method, forKey: .method)
        try grid.encode(to: encoder)
        try factor.encode(to: encoder)
        try direction.encode(to: encoder)
        try refinement.encode(to: encoder)
    }

    public init(from decoder: any Decoder) throws {
        method = try decoder.container(keyedBy: Key.self).decode(Method.self, forKey: .method)
        grid = try Grid(from: decoder)
        factor = try Factor(from: decoder)
        direction = try Direction(from: decoder)
        refinement = try Refinement(from: decoder)
    }
}

extension QuantizationOptions.Grid: Codable {
    private enum Key: String, CodingKey {
        case bits, groupSize, scaleType, ranges
        case isSymmetric = "symmetric"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(bits, forKey: .bits)
        // Null for a whole channel.
        try container.encode(groupSize, forKey: .groupSize)
        try container.encode(isSymmetric, forKey: .isSymmetric)
        try container.encode(scaleType, forKey: .scaleType)
        try container.encode(ranges, forKey: .ranges)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        bits = try container.decode(Int.self, forKey: .bits)
        groupSize = try container.decode(Int?.self, forKey: .groupSize)
        isSymmetric = try container.decode(Bool.self, forKey: .isSymmetric)
        scaleType = try container.decode(ScaleType.self, forKey: .scaleType)
        ranges = try container.decode(RangeRule.self, forKey: .ranges)
    }
}

extension QuantizationOptions.Factor: Codable {
    private enum CodingKeys: String, CodingKey {
        case damping, activationOrder
        case refusesInactiveLayers = "refuseInactive"
    }
}

extension QuantizationOptions.Direction: Codable {
    private enum Key: String, CodingKey { case dimension, select }
    /// The name of a direction that is not fixed.
    private static let adaptiveName = "adaptive"

    /// `adaptive`, or the direction's name.
    package var name: String {
        switch self {
        case .adaptive: Self.adaptiveName
        case .fixed(let dimension): dimension.rawValue
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .dimension)
        var selection = QuantizationOptions.Selection.roundToNearest
        if case .adaptive(let chosen) = self { selection = chosen }
        try container.encode(selection, forKey: .select)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let name = try container.decode(String.self, forKey: .dimension)
        let selection = try container.decode(QuantizationOptions.Selection.self, forKey: .select)
        if name == Self.adaptiveName {
            self = .adaptive(by: selection)
        } else if let dimension = ChannelDimension(rawValue: name) {
            self = .fixed(dimension)
        } else {
            let names = ([Self.adaptiveName] + ChannelDimension.allCases.map(\.rawValue)).joined(separator: ", ")
            throw DecodingError.dataCorruptedError(
                forKey: .dimension, in: container, debugDescription: "\(name), expected one of \(names)")
        }
    }
}

extension Refinement: Codable {
    private enum CodingKeys: String, CodingKey {
        case passes
        case parts = "refine"
    }
}
