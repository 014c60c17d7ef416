import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// The per-OC sweep in plain loops in Double, with groups that begin at a column of choice: at 0 they are right.
struct PlainSweep {
    let weight: Matrix<Double>
    /// V; nil to round to nearest.
    let factor: Matrix<Double>?
    let options: QuantizationOptions
    /// The column from which a group's grid is set, counted from the group's own first one.
    var firstColumn = 0

    func quantized() -> QuantizedMatrix {
        let (rows, columns) = (weight.rows, weight.columns)
        let layout = GroupLayout(
            rows: rows, columns: columns, groupSize: options.grid.groupSize, dimension: .perOutputChannel)
        var codes = Matrix<UInt8>(repeating: 0, rows: rows, columns: columns)
        var scales = Matrix<Float>(repeating: 1, rows: rows, columns: layout.scaleColumns)
        var zeros = Matrix<UInt8>(repeating: 0, rows: rows, columns: layout.scaleColumns)
        let largest = Double((1 << options.grid.bits) - 1)
        for i in 0..<rows {
            var w = (0..<columns).map { weight[i, $0] }
            for j in 0..<columns {
                let group = j / layout.groupSize
                if j % layout.groupSize == 0 {
                    let end = min(columns, j + layout.groupSize + firstColumn)
                    let members = w[min(j + firstColumn, end - 1)..<end]
                    let (low, high) = (members.reduce(0, min), members.reduce(0, max))
                    let scale = high > low ? options.grid.scaleType.round((high - low) / largest) : 1
                    scales[i, group] = Float(scale)
                    zeros[i, group] = UInt8(min(max((-low / scale).rounded(.toNearestOrEven), 0), largest))
                }
                let (scale, zero) = (Double(scales[i, group]), Double(zeros[i, group]))
                let code = min(max((w[j] / scale).rounded(.toNearestOrEven) + zero, 0), largest)
                codes[i, j] = UInt8(code)
                guard let v = factor else { continue }
                // GPTQ's update of all later columns, by row j of U = V⁻¹: solved, not inverted.
                let error = w[j] - (code - zero) * scale
                var row = [1 / v[j, j]]
                for k in j + 1..<max(columns, j + 1) {
                    var sum = 0.0
                    for l in j..<k { sum += row[l - j] * v[l, k] }
                    row.append(-sum / v[k, k])
                }
                for k in j..<columns { w[k] -= error / row[0] * row[k - j] }
            }
        }
        return QuantizedMatrix(codes: codes, scales: scales, zeroPoints: zeros, bits: options.grid.bits, layout: layout)
    }
}
