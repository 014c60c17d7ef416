import AdaDimQuantizedMatrices

/// Which of compressed-tensors' strategies a model is written in. Which one loads where is a matter of the whole model, as was
/// found with transformers 5.24 (compressed-tensors 0.20.1) and vLLM 0.32:
///
/// | | transformers | vLLM, 4 bits |
/// |---|---|---|
/// | `block`, any | yes | no |
/// | `group`, `channel`, symmetric | yes | yes |
/// | the same, asymmetric | with `"dequantize": true`, if the model has one scheme | yes |
enum CompressedTensorsStrategy: Sendable, Equatable {
    /// Blocks [1, g] for per-OC and [g, 1] for per-IC. Every layer has zero points.
    case blocks
    /// Groups of g weights along a row, or whole rows.
    case groups(Groups)

    struct Groups: Sendable, Equatable {
        /// Whether no layer has zero points. Where one has some, all have: middle ones are zero points, too.
        let isSymmetric: Bool
        /// The group sizes that leave several groups to a row in some layer. A layer that has one group to a row of such a size
        /// has strategy `group` like the others, and not `channel`.
        let sizes: Set<Int>
        /// Whether transformers is to be told to dequantize while it loads.
        let dequantizes: Bool
    }

    /// The strategy of a model, and what is to be said of it.
    /// - Parameters:
    ///   - layers: what its packed layers may become.
    ///   - needsGroups: whether to write groups even where transformers does not open them.
    static func chosen(
        for layers: [(module: String, scheme: LayerScheme)], needsGroups: Bool
    ) -> (strategy: CompressedTensorsStrategy, notices: [String]) {
        guard let first = layers.first else { return (.blocks, []) }
        let only = "compressed-tensors is written with strategy block, which transformers opens and vLLM does not: "
        if let other = layers.first(where: { $0.scheme.layout.dimension == .perInputChannel }) {
            return (
                .blocks,
                [only + "layer \(other.module) may be per-IC; --dimension per-oc writes what both open"]
            )
        }
        let isSymmetric = layers.allSatisfy(\.scheme.isSymmetric)
        let sizes = Set(layers.map(\.scheme.layout).filter { $0.groupsPerChannel > 1 }.map(\.groupSize))
        func kind(_ scheme: LayerScheme) -> PackedScheme {
            PackedScheme(scheme, .groups(Groups(isSymmetric: isSymmetric, sizes: sizes, dequantizes: false)))
        }
        let other = layers.first { kind($0.scheme) != kind(first.scheme) }
        if let other, !isSymmetric {
            let differ =
                "layers have zero points and differ in bits or group size (\(first.module) and \(other.module))"
            guard needsGroups else {
                return (
                    .blocks,
                    [only + differ + "; --symmetric, or one --bits and --group-size for all, writes what both open"]
                )
            }
            return (
                .groups(Groups(isSymmetric: false, sizes: sizes, dequantizes: false)),
                ["vLLM opens the output and transformers does not: " + differ]
            )
        }
        return (.groups(Groups(isSymmetric: isSymmetric, sizes: sizes, dequantizes: !isSymmetric)), [])
    }
}

/// The scheme of a packed layer, by compressed-tensors' words for it.
struct PackedScheme: Sendable, Equatable {
    enum Groups: Sendable, Equatable {
        /// The weights that share a scale: `block_structure`.
        case block(rows: Int, columns: Int)
        case group(size: Int)
        case channel
    }

    let bits: Int
    let groups: Groups
    /// Whether there are no zero points.
    let isSymmetric: Bool
}

extension PackedScheme {
    init(_ scheme: LayerScheme, _ strategy: CompressedTensorsStrategy) {
        let layout = scheme.layout
        switch strategy {
        case .blocks:
            let isPerOutput = layout.dimension == .perOutputChannel
            self.init(
                bits: scheme.bits,
                groups: .block(
                    rows: isPerOutput ? 1 : layout.groupSize, columns: isPerOutput ? layout.groupSize : 1),
                isSymmetric: false)
        case .groups(let found):
            let isChannel = layout.groupsPerChannel == 1 && !found.sizes.contains(layout.groupSize)
            self.init(
                bits: scheme.bits, groups: isChannel ? .channel : .group(size: layout.groupSize),
                isSymmetric: found.isSymmetric)
        }
    }

    /// How it divides a weight; nil where its groups do not divide it.
    func layout(rows: Int, columns: Int) -> GroupLayout? {
        let (size, dimension): (Int, ChannelDimension)
        switch groups {
        case .block(let blockRows, let blockColumns):
            guard rows.isMultiple(of: blockRows), columns.isMultiple(of: blockColumns) else { return nil }
            dimension = blockColumns == 1 && blockRows > 1 ? .perInputChannel : .perOutputChannel
            size = dimension == .perInputChannel ? blockRows : blockColumns
        case .group(let found):
            guard columns.isMultiple(of: found) else { return nil }
            (size, dimension) = (found, .perOutputChannel)
        case .channel: (size, dimension) = (columns, .perOutputChannel)
        }
        return GroupLayout(rows: rows, columns: columns, groupSize: size, dimension: dimension)
    }

    /// For errors: the weights that share a scale.
    var groupWords: String {
        switch groups {
        case .block(let rows, let columns): "blocks [\(rows), \(columns)]"
        case .group(let size): "groups of \(size)"
        case .channel: "whole channels"
        }
    }

    /// Whether zero points are packed along out, like codes, and not one to a byte.
    var packsZeroPoints: Bool {
        if case .block = groups { false } else { true }
    }
}
