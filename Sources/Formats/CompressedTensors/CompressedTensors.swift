import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

extension ExportFormat {
    /// Codes packed to their bits; compressed-tensors, format pack-quantized.
    package static let compressedTensors = ExportFormat(
        name: "compressed-tensors", help: "codes packed to their bits (compressed-tensors)",
        packing: CompressedTensors())
}

/// compressed-tensors, format pack-quantized, with strategy `block`: blocks are [1, g] for per-OC and [g, 1] for per-IC. A
/// layer whose last group is shorter than the others has no such blocks and stays dense.
///
/// | tensor of layer L | type, shape | content |
/// |---|---|---|
/// | L.weight_packed | I32 [out, ⌈in·b/32⌉] | codes, a dense bit stream a row |
/// | L.weight_scale | the type that the weight is loaded in, the scales' shape | scale |
/// | L.weight_zero_point | I8, the scales' shape | zero − 2^(b−1) |
/// | L.weight_shape | I64 [2] | out, in |
package struct CompressedTensors: ReadablePackedFormat {
    package let limits = SchemeLimits(shortLastGroup: .dense)
    package let quantMethod = "compressed-tensors"
    package let readable = "compressed-tensors as this tool writes it (format pack-quantized, strategy block)"

    /// Rows of codes padded to 32-bit words, a byte for each zero point, the shape in two 64-bit integers.
    package func size(of scheme: LayerScheme) -> StoredSize {
        let layout = scheme.layout
        let groups = layout.scaleRows * layout.scaleColumns
        return StoredSize(
            weights: layout.rows * layout.columns,
            codeBytes: layout.rows * PackedRows.wordsPerRow(columns: layout.columns, bits: scheme.bits) * 4,
            scaleBytes: groups * StoredFloat(scheme.scaleType).byteWidth, zeroPointBytes: groups, shapeBytes: 16)
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

/// The weights that share a scale, by compressed-tensors' `block_structure`.
struct PackedBlocks: Sendable, Equatable {
    let bits: Int
    let rows: Int
    let columns: Int
}

extension PackedBlocks {
    init(_ scheme: LayerScheme) {
        let isPerOutput = scheme.layout.dimension == .perOutputChannel
        self.init(
            bits: scheme.bits, rows: isPerOutput ? 1 : scheme.layout.groupSize,
            columns: isPerOutput ? scheme.layout.groupSize : 1)
    }
}
