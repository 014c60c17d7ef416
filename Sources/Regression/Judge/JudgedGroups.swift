import AdaDimQuantization
import AdaDimQuantizedMatrices

/// How a weight [out, in] is cut into groups, recomputed from the options, because the engine's own computation is
/// under test.
struct JudgedGroups {
    let dimension: ChannelDimension
    /// Weights to a group, at most the channel's.
    let size: Int
    let out: Int
    let inputs: Int

    /// - Returns: nil if the quantized matrix has another shape, or has another direction than requested.
    init?(_ quantized: QuantizedMatrix, out: Int, inputs: Int, _ options: QuantizationOptions) {
        dimension = quantized.dimension
        if let asked = options.direction.fixedDimension, asked != dimension { return nil }
        (self.out, self.inputs) = (out, inputs)
        let channel = dimension == .perOutputChannel ? inputs : out
        size = min(options.grid.groupSize ?? channel, channel)
        let groups = (channel + size - 1) / size
        let (rows, columns) = dimension == .perOutputChannel ? (out, groups) : (groups, inputs)
        guard quantized.bits == options.grid.bits, quantized.codes.rows == out, quantized.codes.columns == inputs,
            quantized.scales.rows == rows, quantized.scales.columns == columns, quantized.zeroPoints.rows == rows,
            quantized.zeroPoints.columns == columns
        else { return nil }
    }

    /// Row and column of the scale of weight (i, input).
    @inline(__always)
    func place(_ i: Int, _ input: Int) -> (row: Int, column: Int) {
        dimension == .perOutputChannel ? (i, input / size) : (i / size, input)
    }

    /// Weights of each group along a channel.
    var ranges: [Range<Int>] {
        let channel = dimension == .perOutputChannel ? inputs : out
        return stride(from: 0, to: channel, by: size).map { $0..<min($0 + size, channel) }
    }
}
