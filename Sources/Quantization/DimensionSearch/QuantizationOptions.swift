/// How one weight is to be quantized.
public struct QuantizationOptions: Sendable, Equatable {
    /// How codes are found.
    public enum Method: String, Sendable, CaseIterable, Codable {
        /// Round to nearest: each weight by itself.
        case roundToNearest = "rtn"
        /// GPTQ's column sweep: later columns make up for the errors of earlier ones.
        case gptq
    }

    /// In which direction groups run.
    public enum Dimension: Sendable, Equatable {
        /// Whichever of the two reconstructs the layer's outputs better.
        case adaptive
        case fixed(ChannelDimension)
    }

    /// By which loss an adaptive layer chooses its direction.
    public enum Selection: String, Sendable, CaseIterable, Codable {
        /// Round to nearest in both directions, as the AdaDim paper does.
        case roundToNearest = "rtn"
        /// Sweep in both directions and keep the smaller final loss. Means `roundToNearest` when that is the method.
        case sweep
    }

    /// 2, 3, 4 or 8.
    public var bits: Int
    /// Weights that share a scale and a zero point; nil for a whole channel.
    public var groupSize: Int?
    public var isSymmetric: Bool
    /// The type in which scales are stored.
    public var scaleType: ScaleType
    public var method: Method
    public var dimension: Dimension
    public var selection: Selection
    /// λ as a share of the mean diagonal of H.
    public var damping: Double
    /// Whether the sweep takes columns by descending diagonal of H.
    public var activationOrder: Bool

    public init(
        bits: Int = 4, groupSize: Int? = 128, isSymmetric: Bool = false, scaleType: ScaleType = .bfloat16,
        method: Method = .gptq, dimension: Dimension = .adaptive, selection: Selection = .roundToNearest,
        damping: Double = 0.01, activationOrder: Bool = false
    ) {
        self.bits = bits
        self.groupSize = groupSize
        self.isSymmetric = isSymmetric
        self.scaleType = scaleType
        self.method = method
        self.dimension = dimension
        self.selection = selection
        self.damping = damping
        self.activationOrder = activationOrder
    }

    /// - Throws: ``QuantizationError`` for the first option outside its range.
    public func validate() throws(QuantizationError) {
        guard UniformGrid.supportedBits.contains(bits) else { throw .unsupportedBits(found: bits) }
        if let groupSize, groupSize < 1 { throw .invalidGroupSize(found: groupSize) }
        guard (0...1).contains(damping) else { throw .invalidDamping(found: damping) }
    }

    var grid: UniformGrid { UniformGrid(bits: bits, isSymmetric: isSymmetric, scaleType: scaleType) }
}
