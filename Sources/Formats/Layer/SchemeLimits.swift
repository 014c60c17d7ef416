import AdaDimQuantizedMatrices

/// The schemes that a format can hold. A format states them as values, so that they can be asked before a run.
package struct SchemeLimits: Sendable {
    /// Weights to a group.
    package enum GroupSizes: Sendable {
        case any
        case multiples(of: Int)
        case among([Int])
    }

    /// What becomes of a layer whose last group is shorter than the others.
    package enum ShortLastGroup: Sendable {
        case packed
        /// Stored as plain numbers.
        case dense
        case refused
    }

    package enum ZeroPoints: Sendable {
        case any
        /// The middle code alone: symmetric grids.
        case middle
    }

    /// Which layers must have one scheme, because a runtime fuses them.
    package enum Agreement: Sendable {
        /// Each layer may have its own.
        case none
        /// Layers with the same input: q, k and v; gate and up.
        case layersOfOneInput
    }

    package var bits: Set<Int>
    package var directions: Set<ChannelDimension>
    package var groupSizes: GroupSizes
    package var shortLastGroup: ShortLastGroup
    package var zeroPoints: ZeroPoints
    package var scaleTypes: Set<ScaleType>
    package var agreement: Agreement

    /// All schemes, but for what is stated otherwise.
    package init(
        bits: Set<Int> = Set(1...8), directions: Set<ChannelDimension> = Set(ChannelDimension.allCases),
        groupSizes: GroupSizes = .any, shortLastGroup: ShortLastGroup = .packed, zeroPoints: ZeroPoints = .any,
        scaleTypes: Set<ScaleType> = Set(ScaleType.allCases), agreement: Agreement = .none
    ) {
        self.bits = bits
        self.directions = directions
        self.groupSizes = groupSizes
        self.shortLastGroup = shortLastGroup
        self.zeroPoints = zeroPoints
        self.scaleTypes = scaleTypes
        self.agreement = agreement
    }

    /// How a layer of a scheme is stored.
    package func storage(of scheme: LayerScheme) -> LayerStorage {
        if let reason = refusal(of: scheme) { return .refused(because: reason) }
        guard scheme.layout.hasTail else { return .packed }
        let layout = scheme.layout
        switch shortLastGroup {
        case .packed: return .packed
        case .dense:
            let inputs = layout.dimension == .perOutputChannel ? "inputs" : "outputs"
            return .dense(
                because: "the group size \(layout.groupSize) does not divide its \(layout.channelLength) \(inputs)")
        case .refused:
            let count = layout.channelLength % layout.groupSize
            return .refused(
                because: "a last group of \(count) weights, expected whole groups of \(layout.groupSize)")
        }
    }

    private func refusal(of scheme: LayerScheme) -> String? {
        guard bits.contains(scheme.bits) else {
            return "\(scheme.bits) bits, expected \(Self.list(bits.sorted().map(String.init)))"
        }
        guard directions.contains(scheme.layout.dimension) else {
            let expected = directions.map(\.rawValue).sorted()
            return "groups that run \(scheme.layout.dimension.rawValue), expected \(Self.list(expected))"
        }
        if let expected = expectedGroupSize(scheme.layout.groupSize) {
            return "groups of \(scheme.layout.groupSize) weights, expected \(expected)"
        }
        if zeroPoints == .middle && !scheme.isSymmetric { return "zero points, expected a symmetric grid" }
        guard scaleTypes.contains(scheme.scaleType) else {
            let expected = scaleTypes.map(\.rawValue).sorted()
            return "scales in \(scheme.scaleType.rawValue), expected \(Self.list(expected))"
        }
        return nil
    }

    /// What a group size should be instead; nil where it can be held.
    private func expectedGroupSize(_ size: Int) -> String? {
        switch groupSizes {
        case .any: nil
        case .multiples(let unit): size.isMultiple(of: unit) ? nil : "a multiple of \(unit)"
        case .among(let sizes): sizes.contains(size) ? nil : Self.list(sizes.map(String.init))
        }
    }

    private static func list(_ values: [String]) -> String {
        values.count < 2 ? values.joined() : values.dropLast().joined(separator: ", ") + " or " + (values.last ?? "")
    }
}

/// How a format stores a layer.
package enum LayerStorage: Sendable, Equatable {
    case packed
    /// As plain numbers, with the same values; where the format would pack it, with the reason.
    case dense(because: String?)
    /// Not at all.
    case refused(because: String)

    /// Why a layer is stored as plain numbers where the format would pack it; nil otherwise.
    package var denseBecause: String? {
        if case .dense(let reason) = self { reason } else { nil }
    }
}
