// A layer that memory should not hold at once.
import AdaDim

// snippet.hide
/// Noise between -1 and 1, the same on every machine.
func noise(_ seed: Int) -> Float {
    var bits = (UInt64(truncatingIfNeeded: seed) &+ 1) &* 0x9e37_79b9_7f4a_7c15
    bits = (bits ^ (bits >> 29)) &* 0xbf58_476d_1ce4_e5b9
    return Float(bits >> 48) / 32768 - 1
}

func example() throws {
    let options = QuantizationOptions {
        $0.grid.bits = 4
        $0.grid.groupSize = 128
    }
    // snippet.show

    // snippet.plan
    let whole = try MemoryPlan(rows: 16384, columns: 53248, tokensAtOnce: 16384, options: options)
    let panels = try MemoryPlan(rows: 16384, columns: 53248, tokensAtOnce: 1024, panelRows: 2048, options: options)
    print("H takes \(whole.gram / 1_000_000_000) GB; all of it \(whole.total) bytes, in panels \(panels.total)")
    // snippet.end

    // snippet.check
    do {
        try panels.check()
    } catch {
        print(error)  // a layer [16384, 53248] needs … of memory and this process may use …
    }
    // snippet.end

    // snippet.hide
    precondition(whole.gram == 4 * 53248 * 53248 && panels.total < whole.total, "\(whole) \(panels)")
    let (out, inputs, batches) = (300, 256, 4)
    func batch(_ index: Int) -> Matrix<Float> {
        Matrix(rows: inputs, columns: 128) { noise(((index << 10) + $1) * inputs + $0) }
    }
    func readRows(_ rows: Range<Int>) -> Matrix<Float> {
        Matrix(rows: rows.count, columns: inputs) { noise(1 << 30 + (rows.lowerBound + $0) * inputs + $1) / 16 }
    }
    // snippet.show

    // snippet.gram
    var gram = try Gram<Float>(order: inputs)
    for index in 0..<batches { try gram.accumulate(batch(index)) }
    let quantizer = try LayerQuantizer(gram: consume gram, options: options)
    // snippet.end

    // snippet.layer
    var panelled = try PanelledLayer(rows: out, columns: inputs, panelRows: 64, quantizer: quantizer)
    while let rows = panelled.nextRows {
        try panelled.add(readRows(rows))  // [rows.count, in]
    }
    let layer = try panelled.finished()
    // snippet.end

    // snippet.hide
    let atOnce = try quantizer.quantize(readRows(0..<out))
    precondition(layer.quantized == atOnce.quantized, "panels change the codes")
}

try example()
