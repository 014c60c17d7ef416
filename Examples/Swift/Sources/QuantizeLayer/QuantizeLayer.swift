// Quantizes one layer to 3 bits and prints the loss: `swift run -c release` in Examples/Swift.
import AdaDim

/// Whole numbers from -512 to 511, the same on every machine.
struct Numbers {
    private var state: UInt32 = 1

    mutating func next() -> Float {
        state = state &* 1_664_525 &+ 1_013_904_223
        return Float(Int32(state >> 22) - 512)
    }
}

@main
struct QuantizeLayer {
    static func main() throws {
        BLASLibrary.startAgainWithBestKernels()
        let (out, inputs, tokens) = (384, 512, 1024)

        // In place of a model: a weight [out, in], and calibration inputs, two of them much larger. Both come row
        // after row here; a matrix of inputs has a token a column.
        var numbers = Numbers()
        let weight = Matrix(
            rowMajor: (0..<out * inputs).map { _ in numbers.next() / 16384 }, rows: out, columns: inputs)
        let activations = (0..<tokens * inputs).map { numbers.next() / ($0 % inputs % 200 == 7 ? 8 : 512) }

        var gram = try Gram<Float>(order: inputs)
        for batch in stride(from: 0, to: tokens, by: 256) {
            let range = batch * inputs..<(batch + 256) * inputs
            try gram.accumulate(Matrix(columnMajor: Array(activations[range]), rows: inputs, columns: 256))
        }
        let options = QuantizationOptions {
            $0.grid.bits = 3
            $0.grid.groupSize = 64
        }
        let quantizer = try LayerQuantizer(gram: consume gram, options: options)
        let layer = try quantizer.quantize(weight)

        // FNV-1a over the packed codes: Examples/C prints the same.
        let digest = PackedRows(packing: layer.quantized.codes, bits: 3).words.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
        let hex = String(digest, radix: 16)
        let percent = (layer.relativeLoss * 10_000).rounded() / 100
        print(
            "\(layer.dimension.rawValue), \(percent) % lost, codes",
            String(repeating: "0", count: 16 - hex.count) + hex)
    }
}
