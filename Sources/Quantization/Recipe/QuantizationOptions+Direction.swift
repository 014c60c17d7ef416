import AdaDimQuantizedMatrices

extension QuantizationOptions {
    /// In which direction groups run.
    public enum Direction: Sendable, Hashable {
        /// The one of the two that reconstructs the layer's outputs better.
        case adaptive(by: Selection)
        /// The one given, without a search.
        case fixed(ChannelDimension)

        /// Whether both are tried.
        public var isAdaptive: Bool {
            if case .adaptive = self { true } else { false }
        }

        /// How an adaptive one chooses; round-to-nearest for a fixed one, which does not.
        package var selection: Selection {
            get { if case .adaptive(let selection) = self { selection } else { .roundToNearest } }
            set { if isAdaptive { self = .adaptive(by: newValue) } }
        }

        /// nil for an adaptive one. One that becomes adaptive chooses by round-to-nearest.
        package var fixedDimension: ChannelDimension? {
            get { if case .fixed(let dimension) = self { dimension } else { nil } }
            set {
                if let newValue {
                    self = .fixed(newValue)
                } else if !isAdaptive {
                    self = .adaptive(by: .roundToNearest)
                }
            }
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
    private static let adaptiveName = "adaptive"

    /// `adaptive`, or the direction's name.
    package var name: String { fixedDimension?.rawValue ?? Self.adaptiveName }

    /// All names.
    package static var names: [String] { [adaptiveName] + ChannelDimension.allCases.map(\.rawValue) }

    /// The direction of a name; an adaptive one chooses by round-to-nearest.
    package init?(named name: String) {
        if name == Self.adaptiveName {
            self = .adaptive(by: .roundToNearest)
        } else if let dimension = ChannelDimension(rawValue: name) {
            self = .fixed(dimension)
        } else {
            return nil
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .dimension)
        try container.encode(selection, forKey: .select)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let name = try container.decode(String.self, forKey: .dimension)
        let selection = try container.decode(QuantizationOptions.Selection.self, forKey: .select)
        guard var direction = Self(named: name) else {
            throw DecodingError.dataCorruptedError(
                forKey: .dimension, in: container, debugDescription: "expected \(Self.names.joined(separator: ", "))")
        }
        direction.selection = selection
        self = direction
    }
}
