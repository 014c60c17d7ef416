// One factor for several layers.
import AdaDim

// snippet.hide
/// Noise between -1 and 1, the same on every machine.
func noise(_ seed: Int) -> Float {
    var bits = (UInt64(truncatingIfNeeded: seed) &+ 1) &* 0x9e37_79b9_7f4a_7c15
    bits = (bits ^ (bits >> 29)) &* 0xbf58_476d_1ce4_e5b9
    return Float(bits >> 48) / 32768 - 1
}

func example() throws {
    let (hidden, tokens) = (256, 512)
    func weight(_ seed: Int, rows: Int) -> Matrix<Float> {
        Matrix(rows: rows, columns: hidden) { noise(($0 * hidden + $1) * 8 + seed) / 16 }
    }
    let activations = Matrix<Float>(rows: hidden, columns: tokens) { noise(($1 * hidden + $0) * 8 + 7) }
    let q = weight(0, rows: 256)
    let k = weight(1, rows: 64)
    let v = weight(2, rows: 64)
    // snippet.show

    // snippet.quantizer
    var gram = try Gram<Float>(order: hidden)
    try gram.accumulate(activations)
    let quantizer = try LayerQuantizer(
        gram: consume gram,
        options: .init {
            $0.grid.bits = 4
            $0.grid.groupSize = 128
        })
    // snippet.end

    // snippet.layers
    for (name, weight) in [("q_proj", q), ("k_proj", k), ("v_proj", v)] {
        let layer = try quantizer.quantize(weight)
        print(name, layer.dimension.rawValue, layer.relativeLoss)
    }
    // snippet.end

    // snippet.options
    let threeBits = try LayerQuantizer(
        factor: quantizer.factor,
        options: .init {
            $0.grid.bits = 3
            $0.grid.groupSize = 64
        })
    let smaller = try threeBits.quantize(v)
    // snippet.end

    // snippet.hide
    precondition(smaller.quantized.bits == 3 && smaller.quantized.groupSize == 64, "the first options")
    let larger = try quantizer.quantize(v)
    precondition(smaller.relativeLoss > larger.relativeLoss, "3 bits lose less than 4")
}

try example()
