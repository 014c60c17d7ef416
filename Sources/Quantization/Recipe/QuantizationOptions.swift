import AdaDimQuantizedMatrices

/// How one weight is quantized: a value that can be read, written and compared, in groups.
///
///     QuantizationOptions()                                  // balanced, 4 bits in groups of 128
///     QuantizationOptions(.fast) { $0.grid.bits = 3 }
///
/// ``validate()`` checks it; so does every function that takes one.
public struct QuantizationOptions: Sendable, Hashable {
    /// How codes are found.
    public enum Method: String, Sendable, NamedChoice {
        /// Round to nearest: each weight independently.
        case roundToNearest = "rtn"
        /// GPTQ's column sweep: later columns compensate for the errors of earlier ones.
        case gptq
    }

    /// Which numbers a weight can become.
    public var grid: Grid
    /// How codes are found.
    public var method: Method
    /// How the Gram matrix of the inputs is factored.
    public var factor: Factor
    /// In which direction groups run.
    public var direction: Direction
    /// What improves a swept weight.
    public var refinement: Refinement

    /// The settings of an effort.
    /// - Parameters:
    ///   - effort: how much is done to lose less; of one layer, `best` is `balanced`.
    ///   - change: changes some of the settings.
    public init(_ effort: Effort = .balanced, _ change: (inout QuantizationOptions) -> Void = { _ in }) {
        grid = Grid()
        method = .gptq
        factor = Factor()
        direction = .adaptive(by: .roundToNearest)
        refinement = Refinement()
        apply(effort)
        change(&self)
    }

    /// Sets what an effort is about, and leaves all else as it is.
    public mutating func apply(_ effort: Effort) {
        let isPlain = effort == .fast
        grid.ranges = isPlain ? .full : .search
        factor.activationOrder = !isPlain
        // Coordinate descent comes close enough to the minimum to fit what is chance in the calibration text, unless H is
        // damped more.
        factor.damping = isPlain ? 0.01 : 0.1
        refinement.passes = isPlain ? 0 : 4
    }

    /// One plain sweep: full ranges, no refinement.
    public static var fast: QuantizationOptions { QuantizationOptions(.fast) }
    /// The default: searched ranges, act-order, more damping, and four passes of refinement.
    public static var balanced: QuantizationOptions { QuantizationOptions(.balanced) }

    /// Checks each setting by itself, and against a two-level grid what must fit it.
    /// - Throws: ``QuantizationError/settingOutOfRange(_:found:expected:)`` for the first one outside its range.
    public func validate() throws(QuantizationError) {
        try grid.validate()
        try factor.validate()
        try refinement.validate()
        if let type = grid.twoLevel, direction.fixedDimension == .perInputChannel {
            throw .settingOutOfRange(
                "dimension", found: ChannelDimension.perInputChannel.rawValue,
                expected:
                    "\(ChannelDimension.perOutputChannel.rawValue) or \(Direction.adaptive(by: .sweep).name), since gridType \(type.rawValue) has groups along rows"
            )
        }
    }

    /// The direction that counts: that of the options, but per-OC on two-level grids.
    package var usedDirection: Direction { grid.twoLevel == nil ? direction : .fixed(.perOutputChannel) }
}

/// The settings as one flat object, by the names that reports and recipes use: the keys of all groups stand beside each other.
extension QuantizationOptions: Codable {
    private enum Key: String, CodingKey { case method }

    /// Writes all settings as one flat object, by their names in reports and recipes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(method, forKey: .method)
        try grid.encode(to: encoder)
        try factor.encode(to: encoder)
        try direction.encode(to: encoder)
        try refinement.encode(to: encoder)
    }

    /// Reads what ``encode(to:)`` writes.
    /// - Throws: `DecodingError` where a setting is missing or of another kind.
    public init(from decoder: any Decoder) throws {
        method = try decoder.container(keyedBy: Key.self).decode(Method.self, forKey: .method)
        grid = try Grid(from: decoder)
        factor = try Factor(from: decoder)
        direction = try Direction(from: decoder)
        refinement = try Refinement(from: decoder)
    }
}
