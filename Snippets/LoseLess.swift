// Searched ranges and refinement, and what they gain.
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
    // snippet.show

    // snippet.options
    let options = QuantizationOptions(.fast) {
        $0.grid.bits = 3
        $0.grid.groupSize = 64
        $0.grid.ranges = .search
        $0.refinement = Refinement(passes: 4)
        $0.factor.damping = 0.1
        $0.factor.activationOrder = true
    }
    let layer = try quantize(weight, activations: activations, options: options)
    // snippet.end

    // snippet.losses
    if let losses = layer.losses[layer.dimension], let swept = losses.gptq, let refined = losses.refined {
        print("swept \(layer.relative(swept)), refined \(layer.relative(refined))")
    }
    // snippet.end

    // snippet.hide
    let losses = layer.losses[layer.dimension]
    precondition(losses?.refined == layer.loss, "\(layer.losses)")
    precondition(
        options
            == QuantizationOptions {
                $0.grid.bits = 3
                $0.grid.groupSize = 64
            })
    let plain = try quantize(
        weight, activations: activations,
        options: .init(.fast) {
            $0.grid.bits = 3
            $0.grid.groupSize = 64
        })
    precondition(layer.loss < plain.loss, "losses \(layer.loss) and \(plain.loss)")
}

try example()
