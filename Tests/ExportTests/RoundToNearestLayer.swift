import AdaDimLinearAlgebra

import AdaDimQuantization

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
