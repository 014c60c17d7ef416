import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

extension ExportFormat {
    /// MLX's affine quantization, which mlx-lm serves packed on Apple's GPUs.
    package static let mlx = ExportFormat(
        name: "mlx", help: "codes packed for mlx-lm on Apple silicon, with offsets that keep every value (mlx)",
        packing: MLX())
}

/// MLX's mode `affine`: a weight is scale·code + bias, with bias = −zero·scale. Per-OC layers are what MLX calls quantized.
/// Per-IC layers are stored transposed, and a small module in the output computes them (``MLX/moduleName``).
///
/// | tensor of layer L | per-OC | per-IC | content |
/// |---|---|---|---|
/// | L.weight | U32 [out, in·b/32] | U32 [in, out·b/32] | codes, a dense bit stream a row |
/// | L.scales | [out, in/g] | [in, out/g] | scale |
/// | L.biases | [out, in/g] | [in, out/g] | −zero·scale |
///
/// ``MLXTypes`` says which types scales and biases have. A layer whose last group is shorter than the others stays dense.
package struct MLX: ReadablePackedFormat {
    /// The widths and group sizes that MLX has kernels for.
    package let limits = SchemeLimits(
        bits: [2, 3, 4, 8], groupSizes: .among(MLX.groupSizes), shortLastGroup: .dense,
        places: [.block, .embedding, .head, .embeddingAndHead])
    static let groupSizes = [32, 64, 128]
    package let configurationKey = MLXConfiguration.perOutputKey
    package let readable = "MLX's affine quantization as this tool writes it (each bias −zero·scale, every layer named)"
    package let configurationKeys = [
        MLXConfiguration.perOutputKey, MLXConfiguration.perInputKey, MLXConfiguration.moduleKey,
    ]
    package let needsStatedType = true
    package let computedType: StoredFloat? = .float32
    package let fileNames = [MLX.moduleName]

    /// The module that computes per-IC layers; mlx-lm runs it with `--trust-remote-code`.
    package static let moduleName = "adadim_model.py"

    /// Products of codes and scales with 24 significant bits would be rounded, those with 8 are not.
    package func scaleType(isSymmetric: Bool, loaded type: ScaleType) -> ScaleType? {
        type == .float32 ? .bfloat16 : nil
    }

    /// What such a layer takes whose scales have as many significant bits as their type, and none a very small number: which types
    /// are exact is known when it is done. A table of embeddings may take 16 bits a group more.
    package func size(of scheme: LayerScheme) -> StoredSize {
        size(of: scheme.layout, bits: scheme.bits, .usual(bits: scheme.bits, scales: StoredFloat(scheme.scaleType)))
    }

    package func size(of layer: FinishedLayer) -> StoredSize {
        size(of: layer.quantized.layout, bits: layer.quantized.bits, MLXTypes(holding: layer))
    }

    private func size(of layout: GroupLayout, bits: Int, _ types: MLXTypes) -> StoredSize {
        let groups = layout.scaleRows * layout.scaleColumns
        // Rows are whole words: groups are, and there are only whole ones.
        return StoredSize(
            weights: layout.rows * layout.columns, codeBytes: layout.rows * layout.columns * bits / 8,
            scaleBytes: groups * types.scales.byteWidth, zeroPointBytes: groups * types.biases.byteWidth, shapeBytes: 0)
    }
}

/// The tensors of a layer that MLX has packed.
enum MLXTensor: String, CaseIterable {
    case codes = "weight"
    case scales
    case biases

    func name(in module: String) -> String { "\(module).\(rawValue)" }
}

/// The bits and the group size of a layer, as MLX's configuration has them.
struct MLXScheme: Sendable, Hashable, Encodable {
    let bits: Int
    let groupSize: Int

    enum CodingKeys: String, CodingKey {
        case bits
        case groupSize = "group_size"
    }
}
