import AdaDimQuantizedMatrices

extension QuantizationOptions {
    /// In which direction groups run.
    public enum Direction: Sendable, Equatable {
        /// Whichever of the two reconstructs the layer's outputs better.
        case adaptive(by: Selection)
        /// The one given, without a search.
        case fixed(ChannelDimension)

        /// Whether both are tried.
        public var isAdaptive: Bool {
            if case .adaptive = self { true } else { false }
        }

        /// The directions that the weight is tried in.
        package var candidates: [ChannelDimension] {
            switch self {
            case .adaptive: ChannelDimension.allCases
            case .fixed(let dimension): [dimension]
            }
        }
    }

    /// By which loss an adaptive layer chooses its direction.
    public enum Selection: String, Sendable, NamedChoice {
        /// That of round-to-nearest in both directions, as in the AdaDim paper.
        case roundToNearest = "rtn"
        /// That of the finished sweep in both directions. Means `roundToNearest` where that is the method.
        case sweep
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
            throw DecodingError.dataCorruptedError(
                forKey: .dimension, in: container,
                debugDescription: "expected \(Self.adaptiveName), \(ChannelDimension.allNames)")
        }
    }
}
