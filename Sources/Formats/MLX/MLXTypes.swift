import AdaDimLinearAlgebra
import AdaDimQuantizedMatrices

/// What the scales and biases of a layer are stored in, so that MLX computes each weight exactly.
///
/// - float16 for both, where every multiple of every scale by a code is a float16 number: of scales with 8 significant bits
///   that is so at 2 and 3 bits, unless one is smaller than 2⁻¹⁷.
/// - Else the scales' own type, and float32 biases. A product of a 16-bit scale and a code has at most 19 significant bits, so
///   that sums of such products are exact in float32, too.
/// - Else, of a table of embeddings, float32 for both. MLX's `quantized_matmul` widens all that it gets to one type, but
///   `dequantize`, by which rows are looked up, rounds biases to the scales' type (mlx 0.32.4). Who calls it on another layer casts
///   the scales to float32 before.
///
/// A float32 model gets scales of 8 significant bits (``MLX/scaleType(isSymmetric:loaded:)``): of 24 bits, MLX would round products
/// and sums to float32, and weights would differ from (code − zero)·scale by two roundings. With float32 biases, or with float16
/// ones beside bfloat16 activations, MLX computes in float32.
struct MLXTypes: Sendable, Equatable {
    let scales: StoredFloat
    let biases: StoredFloat

    static let half = MLXTypes(scales: .float16, biases: .float16)

    /// Those of a layer whose scales need all bits of their type.
    static func usual(bits: Int, scales type: StoredFloat) -> MLXTypes {
        significantBits(type) + bits <= significantBits(.float16) ? half : MLXTypes(scales: type, biases: .float32)
    }
}

extension MLXTypes {
    /// Those of a layer.
    init(holding layer: FinishedLayer) {
        let bits = layer.quantized.bits
        let isHalf = layer.quantized.scales.columnMajorElements.allSatisfy {
            Self.halfHoldsMultiples(of: $0, bits: bits)
        }
        // What comes from a format of another type may have scales that the weight's type does not hold.
        let isHeld = layer.quantized.scales.columnMajorElements.allSatisfy { layer.type.rounded($0) == $0 }
        let scales = layer.place.embeds || !isHeld ? StoredFloat.float32 : layer.type
        self = isHalf ? .half : MLXTypes(scales: scales, biases: .float32)
    }

    /// Whether float16 has all products of a scale and the numbers below 2^bits, by the scale's first and last bit.
    private static func halfHoldsMultiples(of scale: Float, bits: Int) -> Bool {
        guard scale.isNormal else { return scale == 0 }
        let width = scale.significandWidth
        return width + 1 + bits <= significantBits(.float16) && Int(scale.exponent) - width >= -24
            && scale * Float((1 << bits) - 1) <= 65504
    }

    private static func significantBits(_ type: StoredFloat) -> Int {
        switch type {
        case .bfloat16: ScaleType.bfloat16.precision
        case .float16: ScaleType.float16.precision
        case .float32: ScaleType.float32.precision
        }
    }
}
