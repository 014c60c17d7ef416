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

    package enum ZeroPoints: Sendable, Equatable {
        case any
        /// The middle code alone: symmetric grids.
        case middle
        /// Any for codes of these bits, the middle code alone for others.
        case anyAt(bits: Set<Int>)

        /// Whether codes of so many bits may have zero points that are not the middle code.
        package func allows(bits: Int) -> Bool {
            switch self {
            case .any: true
            case .middle: false
            case .anyAt(let allowed): allowed.contains(bits)
            }
        }
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
    /// Two-level grids; none of them unless a format states it.
    package var twoLevelTypes: Set<TwoLevelType>
    /// Both sizes of a weight must be multiples of this.
    package var sizeUnit: Int
    /// The layers that it packs.
    package var places: Set<LayerPlace>

    /// All schemes of the layers of blocks, but for what is stated otherwise.
    package init(
        bits: Set<Int> = Set(1...8), directions: Set<ChannelDimension> = Set(ChannelDimension.allCases),
        groupSizes: GroupSizes = .any, shortLastGroup: ShortLastGroup = .packed, zeroPoints: ZeroPoints = .any,
        scaleTypes: Set<ScaleType> = Set(ScaleType.allCases), agreement: Agreement = .none, sizeUnit: Int = 1,
        places: Set<LayerPlace> = [.block], twoLevelTypes: Set<TwoLevelType> = []
    ) {
        self.bits = bits
        self.directions = directions
        self.groupSizes = groupSizes
        self.shortLastGroup = shortLastGroup
        self.zeroPoints = zeroPoints
        self.scaleTypes = scaleTypes
        self.agreement = agreement
        self.sizeUnit = sizeUnit
        self.places = places
        self.twoLevelTypes = twoLevelTypes
    }

    /// Why no layer of a place is packed; nil where some are.
    package func refusal(at place: LayerPlace) -> String? {
        places.contains(place) ? nil : "a quantized \(place.words), expected one of plain numbers"
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
        if let type = scheme.twoLevel {
            guard twoLevelTypes.contains(type) else {
                let expected = twoLevelTypes.map(\.rawValue).sorted() + ["uniform"]
                return "gridType \(type.rawValue), expected \(Self.list(expected))"
            }
            guard scheme.layout.columns.isMultiple(of: TwoLevelType.superGroupSize) else {
                return
                    "rows of \(scheme.layout.columns) weights, expected a multiple of \(TwoLevelType.superGroupSize) for "
                    + "gridType \(type.rawValue)"
            }
            // All else follows from the type.
            return nil
        }
        guard bits.contains(scheme.bits) else {
            return "\(scheme.bits) bits, expected \(Self.list(bits.sorted().map(String.init)))"
        }
        guard directions.contains(scheme.layout.dimension) else {
            let expected = directions.map(\.rawValue).sorted()
            return "groups that run \(scheme.layout.dimension.rawValue), expected \(Self.list(expected))"
        }
        if !hasSizes(of: scheme.layout) {
            return "a weight of \(scheme.layout.rows) × \(scheme.layout.columns), expected multiples of \(sizeUnit)"
        }
        if let expected = expectedGroupSize(scheme.layout.groupSize) {
            return "groups of \(scheme.layout.groupSize) weights, expected \(expected)"
        }
        if !scheme.isSymmetric && !zeroPoints.allows(bits: scheme.bits) {
            let bits = zeroPoints == .middle ? "" : " at \(scheme.bits) bits"
            return "zero points\(bits), expected a symmetric grid"
        }
        guard scaleTypes.contains(scheme.scaleType) else {
            let expected = scaleTypes.map(\.rawValue).sorted()
            return "scales in \(scheme.scaleType.rawValue), expected \(Self.list(expected))"
        }
        return nil
    }

    /// Whether both sizes of a weight can be held.
    package func hasSizes(of layout: GroupLayout) -> Bool {
        layout.rows.isMultiple(of: sizeUnit) && layout.columns.isMultiple(of: sizeUnit)
    }

    /// What a group size should be instead; nil where it can be held.
    package func expectedGroupSize(_ size: Int) -> String? {
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
