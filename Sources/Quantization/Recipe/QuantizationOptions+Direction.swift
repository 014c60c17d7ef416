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
    public enum Selection: String, Sendable, CaseIterable, Codable {
        /// That of round-to-nearest in both directions, as in the AdaDim paper.
        case roundToNearest = "rtn"
        /// That of the finished sweep in both directions. Means `roundToNearest` where that is the method.
        case sweep
    }
}
