import AdaDimQuantizedMatrices

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
        /// The one given, without a search.
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
    /// Whether the zero point is 2^(bits − 1) in every group, or found for each group.
    public var isSymmetric: Bool
    /// The type in which scales are stored.
    public var scaleType: ScaleType
    /// How much of a group's range its grid covers.
    public var ranges: RangeRule
    /// How codes are found.
    public var method: Method
    /// What is done to a swept weight before it is finished.
    public var refinement: Refinement
    /// In which direction groups run.
    public var dimension: Dimension
    /// By which loss an adaptive layer chooses its direction; without meaning for a fixed one.
    public var selection: Selection
    /// λ as a share of the mean diagonal of H, 0 to 1. Raised where there is no factor, unless it is 0.
    public var damping: Double
    /// Whether the sweep takes columns by descending diagonal of H. Codes and scales stay in the order of the weight.
    public var activationOrder: Bool
    /// Whether a layer none of whose inputs any token activates is refused, by
    /// ``QuantizationError/allInputsInactive(inputs:tokens:)``. If not, its weights are rounded plainly, all alike: what it
    /// loses on these tokens is zero in either direction, so that an adaptive one is per-OC.
    public var refusesInactiveLayers: Bool

    /// Options for 4 bits in groups of 128, by GPTQ, in the direction that loses less, unless told otherwise.
    /// ``validate()`` checks them; so does every function that takes them.
    /// - Parameters:
    ///   - bits: 2, 3, 4 or 8.
    ///   - groupSize: weights that share a scale and a zero point; nil for a whole channel.
    ///   - isSymmetric: whether the zero point is 2^(bits − 1) in every group.
    ///   - scaleType: the type in which scales are stored.
    ///   - ranges: how much of a group's range its grid covers.
    ///   - method: how codes are found.
    ///   - refinement: what is done to a swept weight before it is finished.
    ///   - dimension: in which direction groups run.
    ///   - selection: by which loss an adaptive layer chooses its direction.
    ///   - damping: λ as a share of the mean diagonal of H, 0 to 1.
    ///   - activationOrder: whether the sweep takes columns by descending diagonal of H.
    ///   - refusesInactiveLayers: whether a layer none of whose inputs any token activates is refused.
    public init(
        bits: Int = 4, groupSize: Int? = 128, isSymmetric: Bool = false, scaleType: ScaleType = .bfloat16,
        ranges: RangeRule = .full, method: Method = .gptq, refinement: Refinement = .none,
        dimension: Dimension = .adaptive,
        selection: Selection = .roundToNearest,
        damping: Double = 0.01, activationOrder: Bool = false, refusesInactiveLayers: Bool = false
    ) {
        self.bits = bits
        self.groupSize = groupSize
        self.isSymmetric = isSymmetric
        self.scaleType = scaleType
        self.ranges = ranges
        self.method = method
        self.refinement = refinement
        self.dimension = dimension
        self.selection = selection
        self.damping = damping
        self.activationOrder = activationOrder
        self.refusesInactiveLayers = refusesInactiveLayers
    }

    /// Looks at each option by itself.
    /// - Throws: for the first one outside its range, ``QuantizationError/unsupportedBits(found:)``,
    ///   ``QuantizationError/invalidGroupSize(found:)``, ``QuantizationError/invalidDamping(found:)`` or
    ///   ``QuantizationError/invalidPasses(found:)``.
    public func validate() throws(QuantizationError) {
        guard UniformGrid.supportedBits.contains(bits) else { throw .unsupportedBits(found: bits) }
        if let groupSize, groupSize < 1 { throw .invalidGroupSize(found: groupSize) }
        guard (0...1).contains(damping) else { throw .invalidDamping(found: damping) }
        guard (0...Refinement.mostPasses).contains(refinement.passes) else {
            throw .invalidPasses(found: refinement.passes)
        }
    }

    /// Refuses a factor without an active input, where that is asked for.
    /// - Throws: ``QuantizationError/allInputsInactive(inputs:tokens:)``.
    package func checkActivity<Scalar>(_ factor: GramFactor<Scalar>) throws(QuantizationError) {
        if refusesInactiveLayers && !factor.hasActiveInputs {
            throw .allInputsInactive(inputs: factor.inputs, tokens: factor.tokens)
        }
    }

    var grid: UniformGrid { UniformGrid(bits: bits, isSymmetric: isSymmetric, scaleType: scaleType, ranges: ranges) }
}
