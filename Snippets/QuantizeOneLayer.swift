// One layer from calibration activations.
import AdaDim

// snippet.hide
/// Noise between -1 and 1, the same on every machine.
func noise(_ seed: Int) -> Float {
    var bits = (UInt64(truncatingIfNeeded: seed) &+ 1) &* 0x9e37_79b9_7f4a_7c15
    bits = (bits ^ (bits >> 29)) &* 0xbf58_476d_1ce4_e5b9
    return Float(bits >> 48) / 32768 - 1
}

func example() throws {
    let (out, inputs, tokens) = (384, 512, 1024)
    let weightRows = (0..<out * inputs).map { noise($0) / 32 }
    // Two inputs are much louder than the others.
    let activationRows = (0..<tokens * inputs).map { noise($0 + 1 << 20) * ($0 % inputs % 300 == 7 ? 50 : 1) }
    // snippet.show

    // snippet.matrices
    // W [out, in], one output channel after another; X [in, tokens], one token after another.
    let weight = Matrix(rowMajor: weightRows, rows: out, columns: inputs)
    let activations = Matrix(columnMajor: activationRows, rows: inputs, columns: tokens)
    // snippet.end

    // snippet.quantize
    let options = QuantizationOptions {
        $0.grid.bits = 3
        $0.grid.groupSize = 64
    }
    let layer = try quantize(weight, activations: activations, options: options)
    print(layer.dimension.rawValue, layer.relativeLoss)
    // snippet.end

    // snippet.use
    let approximation = layer.quantized.dequantized()  // Q [out, in]
    let approximationRows = approximation.rowMajorElements  // one output channel after another
    // snippet.end

    // snippet.errors
    do {
        _ = try quantize(weight, activations: activations.transposed(), options: options)
    } catch let error as GramError {
        print("q_proj: \(error)")  // q_proj: activations have 1024 inputs, expected 512
    } catch let error as QuantizationError {
        print("q_proj: \(error)")
    }
    // snippet.end

    // snippet.hide
    precondition(layer.relativeLoss > 0 && layer.relativeLoss < 0.1, "a loss of \(layer.relativeLoss)")
    precondition(approximationRows.count == out * inputs, "\(approximationRows.count) weights")
}

try example()
