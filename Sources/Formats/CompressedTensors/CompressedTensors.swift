import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

extension ExportFormat {
    /// Codes packed to their bits; compressed-tensors, format pack-quantized.
    package static let compressedTensors = ExportFormat(
        name: "compressed-tensors", help: "codes packed to their bits (compressed-tensors)",
        packing: CompressedTensors())
}

/// compressed-tensors, format pack-quantized. One strategy is written in all of a model
/// (``CompressedTensorsStrategy``): `group` or `channel` where its loaders read that, which vLLM serves, otherwise `block`. A
/// layer whose last group is shorter than the others stays dense: all strategies demand groups that divide the row or column
/// (`strategy_cdiv` and `forward_helpers.py` of compressed-tensors 0.20).
///
/// | tensor of layer L | type, shape | content |
/// |---|---|---|
/// | L.weight_packed | I32 [out, ⌈in·b/32⌉] | codes, a dense bit stream a row |
/// | L.weight_scale | the type that the weight is loaded in, the scales' shape | scale |
/// | L.weight_zero_point, `block` | I8, the scales' shape | zero − 2^(b−1) |
/// | L.weight_zero_point, `group` and `channel` | I32 [⌈out·b/32⌉, in/g] | zero, a dense bit stream a column; none if symmetric |
/// | L.weight_shape | I64 [2] | out, in |
package struct CompressedTensors: ReadablePackedFormat {
    package let quantMethod: String? = "compressed-tensors"
    package let readable =
        "compressed-tensors as this tool writes it (format pack-quantized, strategy block, group or channel)"
    package let configurationKeys = ["quantization_config"]
    package private(set) var notices: [String] = []
    private(set) var strategy = CompressedTensorsStrategy.blocks
    /// Whether groups are written even where transformers does not open them, for a runtime that opens nothing else.
    private let needsGroups: Bool

    /// - Parameter needsGroups: whether to write strategy `group` even where transformers would not open it. Layers must then
    ///   be per-OC.
    init(needsGroups: Bool = false) { self.needsGroups = needsGroups }

    package var limits: SchemeLimits {
        switch strategy {
        case .blocks where !needsGroups: Self.all
        case .blocks:
            SchemeLimits(directions: [.perOutputChannel], shortLastGroup: .dense, places: Self.places)
        case .groups(let groups):
            SchemeLimits(
                directions: [.perOutputChannel], shortLastGroup: .dense,
                zeroPoints: groups.isSymmetric ? .middle : .any, places: Self.places)
        }
    }

    private static let places: Set<LayerPlace> = [.block, .head]
    private static let all = SchemeLimits(shortLastGroup: .dense, places: places)

    package func prepared(for layers: [PlannedLayer]) -> any PackedFormat {
        let packed = layers.flatMap { layer in
            layer.schemes.filter { Self.all.storage(of: $0) == .packed }.map { (module: layer.module, scheme: $0) }
        }
        var prepared = CompressedTensors(needsGroups: needsGroups)
        (prepared.strategy, prepared.notices) = CompressedTensorsStrategy.chosen(for: packed, needsGroups: needsGroups)
        return prepared
    }

    /// Rows of codes padded to 32-bit words, the zero points, the shape in two 64-bit integers.
    package func size(of scheme: LayerScheme) -> StoredSize {
        let layout = scheme.layout
        let groups = layout.scaleRows * layout.scaleColumns
        let zeroPointBytes =
            switch strategy {
            case .blocks: groups
            case .groups(let found) where found.isSymmetric: 0
            case .groups: layout.scaleColumns * PackedRows.wordsPerRow(columns: layout.rows, bits: scheme.bits) * 4
            }
        return StoredSize(
            weights: layout.rows * layout.columns,
            codeBytes: layout.rows * PackedRows.wordsPerRow(columns: layout.columns, bits: scheme.bits) * 4,
            scaleBytes: groups * StoredFloat(scheme.scaleType).byteWidth, zeroPointBytes: zeroPointBytes, shapeBytes: 16
        )
    }
}

/// The tensors of a packed checkpoint in place of a layer's weight.
package enum PackedTensor: String, CaseIterable, Sendable {
    case codes = "weight_packed"
    case scales = "weight_scale"
    case zeroPoints = "weight_zero_point"
    case shape = "weight_shape"

    package func name(in module: String) -> String { "\(module).\(rawValue)" }
}
