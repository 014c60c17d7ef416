// What a quantized layer consists of, in Swift and in bytes.
import AdaDim

// snippet.hide
/// Noise between -1 and 1, the same on every machine.
func noise(_ seed: Int) -> Float {
    var bits = (UInt64(truncatingIfNeeded: seed) &+ 1) &* 0x9e37_79b9_7f4a_7c15
    bits = (bits ^ (bits >> 29)) &* 0xbf58_476d_1ce4_e5b9
    return Float(bits >> 48) / 32768 - 1
}

func example() throws {
    let (out, inputs, tokens) = (192, 250, 512)
    let weightRows = (0..<out * inputs).map { UInt16(truncatingIfNeeded: (noise($0) / 16).bitPattern >> 16) }
    let activationRows = (0..<tokens * inputs).map { noise($0 + 1 << 20) }
    // snippet.show

    // snippet.in
    let options = QuantizationOptions {
        $0.grid.bits = 3
        $0.grid.groupSize = 64
        $0.direction = .fixed(.perOutputChannel)
    }
    var gram = try Gram<Float>(order: inputs)
    try activationRows.withUnsafeBytes { bytes in
        try gram.accumulate(rowMajor: bytes, of: .float32, tokens: tokens)  // [tokens, in]
    }
    let quantizer = try LayerQuantizer(gram: consume gram, options: options)
    let layer = try weightRows.withUnsafeBytes { bytes in
        try quantizer.quantize(rowMajor: bytes, of: .bfloat16, rows: out)  // [out, in]
    }
    // snippet.end

    // snippet.element
    let quantized = layer.quantized
    let (i, j) = (17, 130)  // an output and an input
    let (row, column) =
        quantized.dimension == .perOutputChannel ? (i, j / quantized.groupSize) : (i / quantized.groupSize, j)
    let code = Float(quantized.codes[i, j])
    let zero = Float(quantized.zeroPoints[row, column])
    let value = (code - zero) * quantized.scales[row, column]
    // snippet.end

    // snippet.arrays
    let codes: [UInt8] = quantized.codes.rowMajorElements  // [out, in]
    let scales: [Float] = quantized.scales.rowMajorElements  // per-OC [out, ⌈in/g⌉], per-IC [⌈out/g⌉, in]
    let zeroPoints: [UInt8] = quantized.zeroPoints.rowMajorElements  // as the scales
    // snippet.end

    // snippet.write
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: quantized.codes.count, alignment: 1)
    defer { bytes.deallocate() }
    quantized.writeCodes(rowMajor: bytes)
    // snippet.end

    // snippet.pack
    let packed = PackedRows(packing: quantized.codes, bits: quantized.bits)
    print(packed.words.count, "words,", packed.wordsPerRow, "to a row of", packed.columns, "codes")
    let same = packed.unpacked() == quantized.codes
    // snippet.end

    // snippet.dequantize
    let approximation = quantized.dequantized()  // Q [out, in], Float
    var half = [UInt16](repeating: 0, count: quantized.rows * quantized.columns)
    let isFinite = half.withUnsafeMutableBytes { quantized.writeDequantized(rowMajor: $0, as: .float16) }
    // snippet.end

    // snippet.hide
    precondition(value == approximation[i, j], "\(value) in place of \(approximation[i, j])")
    precondition(bytes.elementsEqual(codes) && same && isFinite, "the codes are not the same")
    precondition(scales.count == out * 4 && zeroPoints.count == scales.count, "\(scales.count) scales")
    precondition(packed.wordsPerRow == 24, "\(packed.wordsPerRow) words")
}

try example()
