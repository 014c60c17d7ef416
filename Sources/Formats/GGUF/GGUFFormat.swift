import AdaDimGGUF
import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

extension ExportFormat {
    /// One file for llama.cpp, model.gguf.
    package static let gguf = ExportFormat(
        name: "gguf", help: "one file for llama.cpp, model.gguf (gguf)", packing: GGUFFormat(), container: .gguf())

    /// The same for a mixture of K-quants, by whose name the file is known.
    package static func gguf(_ mix: GGUFTypeMix) -> ExportFormat {
        ExportFormat(name: gguf.name, help: gguf.help, packing: gguf.packing, container: .gguf(fileType: mix.fileType))
    }
}

/// GGUF's blocks of 32 weights in a row, each with a scale of its own: groups of 32, or of a multiple, whose blocks then have
/// the same scale.
///
/// | codes | type | value | stored |
/// |---|---|---|---|
/// | 4 bits, symmetric | Q4_0 | d·(q − 8) | d = scale |
/// | 4 bits, asymmetric | Q4_1 | d·q + m | d = scale, m = −zero·scale; for zero > 7 d = −scale, q = 15 − code, m = (15 − zero)·scale |
/// | 8 bits, symmetric | Q8_0 | d·q | d = scale, q = code − 128 |
///
/// Grids on two levels (``TwoLevelType``) are K-quants, blocks of 256 of their own types.
///
/// d and m are float16. Nothing is rounded: scales are numbers of float16, and those with zero points have 8 significant bits, so
/// that their multiples up to the sevenfold are numbers of float16, too. What a reader computes in float32 is (code − zero)·scale
/// to the bit.
package struct GGUFFormat: ReadablePackedFormat {
    package let limits = SchemeLimits(
        bits: [4, 8], directions: [.perOutputChannel], groupSizes: .multiples(of: FlatBlocks.length),
        shortLastGroup: .dense, zeroPoints: .anyAt(bits: [4]), scaleTypes: [.float16, .shortFloat16],
        places: Set(LayerPlace.allCases), twoLevelTypes: Set(TwoLevelType.allCases))
    package let quantMethod: String? = "gguf"
    package let needsStatedType = true
    package let configurationKeys = ["quantization_config"]
    package let readable = "GGUF as this tool writes it (\(GGUFFormat.fileName), described in config.json)"

    /// The one file with the weights.
    package static let fileName = "model.gguf"

    package init() {}

    package func scaleType(isSymmetric: Bool, loaded type: ScaleType) -> ScaleType? {
        isSymmetric ? .float16 : .shortFloat16
    }

    package var computedType: StoredFloat? { .float32 }

    /// The type of a layer's tensor.
    static func type(of scheme: LayerScheme) -> GGUFTensorType {
        scheme.twoLevel?.tensorType ?? FlatBlocks(scheme).type
    }

    package func size(of scheme: LayerScheme) -> StoredSize {
        if let type = scheme.twoLevel { return Self.size(of: scheme.layout, type) }
        let (layout, blocks) = (scheme.layout, FlatBlocks(scheme))
        let count = layout.rows * layout.columns / FlatBlocks.length
        let numberBytes = blocks.hasOffsets ? 4 : 2
        return StoredSize(
            weights: layout.rows * layout.columns, codeBytes: count * (blocks.type.blockBytes - numberBytes),
            scaleBytes: count * 2, zeroPointBytes: blocks.hasOffsets ? count * 2 : 0, shapeBytes: 0)
    }

    /// Offsets count as scales, with which they share bytes.
    private static func size(of layout: GroupLayout, _ type: TwoLevelType) -> StoredSize {
        let weights = layout.rows * layout.columns
        let (bytes, codes) = (
            weights / TwoLevelType.superGroupSize * type.tensorType.blockBytes, weights * type.bits / 8
        )
        return StoredSize(
            weights: weights, codeBytes: codes, scaleBytes: bytes - codes, zeroPointBytes: 0, shapeBytes: 0)
    }
}

extension FlatBlocks {
    /// The blocks that hold a scheme.
    init(_ scheme: LayerScheme) {
        self = scheme.bits == 8 ? .q80 : scheme.isSymmetric ? .q40 : .q41
    }
}

extension TensorType {
    /// Blocks as GGUF has them.
    package init(_ type: GGUFTensorType) {
        self = .blocks(name: type.name, count: type.blockLength, bytes: type.blockBytes)
    }
}
