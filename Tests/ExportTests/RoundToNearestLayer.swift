import AdaDimCheckpoint
import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// Layers to write, quantized the plain way.
enum RoundToNearestLayer {
    static func quantize(
        _ weight: Matrix<Float>, bits: Int, groupSize: Int?, _ dimension: ChannelDimension, scaleType: ScaleType
    ) throws -> QuantizedMatrix {
        let layout = GroupLayout(
            rows: weight.rows, columns: weight.columns, groupSize: groupSize, dimension: dimension)
        return try roundToNearest(weight, UniformGrid(bits: bits, scaleType: scaleType), layout).quantized
    }
}

extension StoredFloat {
    /// The type that scales are stored in beside weights of this type.
    var scaleType: ScaleType {
        switch self {
        case .bfloat16: .bfloat16
        case .float16: .float16
        case .float32: .float32
        }
    }
}

extension ExportFormat {
    /// Those that any model can be written in, whatever its tokenizer.
    static let inSafetensors = allCases.filter { $0.container == .safetensors }

    /// Those of them that hold groups of any size.
    static let ofAnyGroups = inSafetensors.filter {
        if case .any? = $0.packing?.limits.groupSizes { true } else { $0.packing == nil }
    }
}
