import AdaDimQuantizedMatrices

extension QuantizationOptions {
    /// In which direction groups run.
    public struct Direction: Sendable, Hashable {
        /// The direction of every layer, without a search; nil for the one of the two that reconstructs a layer's outputs
        /// better.
        package var fixedDimension: ChannelDimension?
        /// How an adaptive one chooses. A fixed one keeps it for layers that a rule makes adaptive.
        package var selection: Selection

        /// The one of the two that reconstructs the layer's outputs better.
        public static func adaptive(by selection: Selection) -> Direction {
            Direction(fixedDimension: nil, selection: selection)
        }

        /// The one given, without a search.
        public static func fixed(_ dimension: ChannelDimension) -> Direction {
            Direction(fixedDimension: dimension, selection: .roundToNearest)
        }

        /// Whether both are tried.
        public var isAdaptive: Bool { fixedDimension == nil }

        /// The directions that the weight is tried in.
        package var candidates: [ChannelDimension] { fixedDimension.map { [$0] } ?? ChannelDimension.allCases }
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
    private static let adaptiveName = "adaptive"

    /// `adaptive`, or the direction's name.
    package var name: String { fixedDimension?.rawValue ?? Self.adaptiveName }

    /// All names.
    package static var names: [String] { [adaptiveName] + ChannelDimension.allCases.map(\.rawValue) }

    /// The direction of a name; an adaptive one chooses by round-to-nearest.
    package init?(named name: String) {
        let dimension = ChannelDimension(rawValue: name)
        guard dimension != nil || name == Self.adaptiveName else { return nil }
        self.init(fixedDimension: dimension, selection: .roundToNearest)
    }

    /// Writes `dimension`, by its name, and `select`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .dimension)
        try container.encode(selection, forKey: .select)
    }

    /// Reads what ``encode(to:)`` writes.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let name = try container.decode(String.self, forKey: .dimension)
        guard let direction = Self(named: name) else {
            throw DecodingError.dataCorruptedError(
                forKey: .dimension, in: container, debugDescription: "expected \(Self.names.joined(separator: ", "))")
        }
        let selection = try container.decode(QuantizationOptions.Selection.self, forKey: .select)
        self.init(fixedDimension: direction.fixedDimension, selection: selection)
    }
}
