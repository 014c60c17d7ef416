// Directions, and the losses that they are chosen by.
import AdaDim

// snippet.hide
/// Noise between -1 and 1, the same on every machine.
func noise(_ seed: Int) -> Float {
    var bits = (UInt64(truncatingIfNeeded: seed) &+ 1) &* 0x9e37_79b9_7f4a_7c15
    bits = (bits ^ (bits >> 29)) &* 0xbf58_476d_1ce4_e5b9
    return Float(bits >> 48) / 32768 - 1
}

func example() throws {
    let (out, inputs, tokens) = (192, 256, 512)
    let weight = Matrix<Float>(rows: out, columns: inputs) { noise($0 * inputs + $1) / 16 }
    let activations = Matrix<Float>(rows: inputs, columns: tokens) {
        noise($1 * inputs + $0 + 1 << 20) * ($0 % 100 == 7 ? 50 : 1)
    }
    var gram = try Gram<Float>(order: inputs)
    try gram.accumulate(activations)
    let factor = try GramFactor(consume gram, options: QuantizationOptions().factor)
    // snippet.show

    // snippet.options
    let byRounding = QuantizationOptions {
        $0.grid.bits = 3
        $0.grid.groupSize = 64
    }
    let bySweeps = QuantizationOptions {
        $0.grid.bits = 3
        $0.grid.groupSize = 64
        $0.direction = .adaptive(by: .sweep)
    }
    let perIC = QuantizationOptions {
        $0.grid.bits = 3
        $0.grid.groupSize = 64
        $0.direction = .fixed(.perInputChannel)
    }
    // snippet.end

    // snippet.losses
    let layer = try LayerQuantizer(factor: factor, options: byRounding).quantize(weight)
    for dimension in ChannelDimension.allCases {
        guard let losses = layer.losses[dimension] else { continue }
        let rounded = losses.roundToNearest.map { "\(layer.relative($0))" } ?? "not measured"
        let swept = losses.gptq.map { "\(layer.relative($0))" } ?? "not measured"
        print("\(dimension.rawValue): round to nearest \(rounded), sweep \(swept)")
    }
    // snippet.end

    // snippet.others
    let mine: Matrix<Float> = layer.quantized.dequantized()  // or what another program made of the weight
    let loss = try factor.loss(of: mine, replacing: weight)
    print(layer.relative(loss))
    // snippet.end

    // snippet.hide
    let other: ChannelDimension = layer.dimension == .perInputChannel ? .perOutputChannel : .perInputChannel
    precondition(layer.losses[other]?.gptq == nil && layer.losses[other]?.roundToNearest != nil, "\(layer.losses)")
    precondition(abs(loss - layer.loss) < 1e-3 * layer.loss, "losses \(loss) and \(layer.loss)")
    let swept = try LayerQuantizer(factor: factor, options: bySweeps).quantize(weight)
    precondition(ChannelDimension.allCases.allSatisfy { swept.losses[$0]?.gptq != nil }, "\(swept.losses)")
    let fixed = try LayerQuantizer(factor: factor, options: perIC).quantize(weight)
    precondition(fixed.dimension == .perInputChannel && fixed.losses.count == 1, "\(fixed.losses)")
}

try example()
