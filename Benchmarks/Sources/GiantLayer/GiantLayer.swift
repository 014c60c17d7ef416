import AdaDim
import ArgumentParser
import Foundation
import SyntheticData

/// A layer as large as Llama-3-405B's down projection, from activations to codes in both directions: Gram, factor and adaptive
/// sweep, with activations and weight made and handed over panel by panel.
@main
struct GiantLayer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "GiantLayer",
        abstract: "Quantize one giant synthetic layer, adaptive by both sweeps; shows progress, time and peak memory.")

    @Option(help: "Output channels.") var out = 16384
    @Option(name: .customLong("in"), help: "Input channels.") var inputs = 53248
    @Option(help: "Calibration tokens.") var tokens = 16384
    @Option(help: "Tokens to a panel of activations.") var tokensAtOnce = 1024
    @Option(help: "Rows to a panel of the weight.") var panelRows = 2048
    @Option(help: "Bits.") var bits = 4
    @Option(help: "Weights to a group.") var groupSize = 128
    @Option(help: "Threads of BLAS and engine.") var threads = ProcessInfo.processInfo.activeProcessorCount

    func validate() throws {
        for (name, value) in [
            ("out", out), ("in", inputs), ("tokens", tokens), ("tokens-at-once", tokensAtOnce),
            ("panel-rows", panelRows), ("threads", threads),
        ] where value < 1 {
            throw ValidationError("--\(name) is \(value), expected at least 1")
        }
    }

    func run() throws {
        BLASLibrary.threadCount = threads
        let options = QuantizationOptions(bits: bits, groupSize: groupSize, selection: .sweep)
        let plan = try MemoryPlan(
            rows: out, columns: inputs, tokensAtOnce: tokensAtOnce, panelRows: panelRows, options: options)
        try plan.check()
        say(
            "[\(out), \(inputs)], \(tokens) tokens, \(bits) bits, groups of \(groupSize); \(BLASLibrary.coreName), \(threads) threads; planned \(gigabytes(plan.total)), H of it \(gigabytes(plan.gram))"
        )
        let rate = BLASLibrary.productRate()
        let data = SyntheticLayer(seed: 1)
        var stages: [Stage] = []

        var gram = Gram<Float>(order: inputs)
        var stage = Stage("Gram", flops: Double(tokens) * square)
        for start in stride(from: 0, to: tokens, by: tokensAtOnce) {
            let range = start..<min(start + tokensAtOnce, tokens)
            let activations = data.activations(inputs: inputs, tokens: range)
            try stage.time { try gram.accumulate(activations) }
            stage.show(Double(range.upperBound) / Double(tokens))
        }
        stages.append(stage)

        stage = Stage("factor", flops: square * Double(inputs) / 3)
        let shown = stage
        // Not in a closure: Swift 6.3 lets go of a captured variable a second time when it is consumed there.
        let start = ContinuousClock.now
        let factor = try GramFactor(consume gram, dampingShare: options.damping) { [stage] in stage.show($0) }
        stage.add(since: start)
        stages.append(stage)

        stage = Stage("‖WX‖² and both sweeps", flops: 3 * Double(out) * square)
        let sweeping = stage
        var layer = try PanelledLayer(
            rows: out, columns: inputs, panelRows: panelRows,
            quantizer: try LayerQuantizer(factor: factor, options: options)
        ) { sweeping.show($0) }
        while let rows = layer.nextRows {
            let panel = data.weight(rows: rows, columns: inputs)
            try stage.time { try layer.add(panel) }
        }
        let result = stage.time { layer.finished() }
        stages.append(stage)
        report(result, stages, rate: rate)
        try check(result, data, factor)
    }

    private var square: Double { Double(inputs) * Double(inputs) }

    private func report(_ result: LayerQuantization, _ stages: [Stage], rate: Double) {
        for stage in stages { say(stage.text(rate: rate)) }
        let seconds = stages.reduce(0) { $0 + $1.seconds }
        let flops = stages.reduce(0) { $0 + $1.flops }
        say(
            String(
                format:
                    "giant: %.0f s, %.0f GFLOP/s, %.0f %% of sgemm; %@ chosen, relative loss %.5f (per-OC %.5f, per-IC %.5f); peak memory %.2f GB",
                seconds, flops / seconds * 1e-9, 100 * flops / seconds / rate, result.dimension.rawValue,
                result.relativeLoss, result.relative(result.losses[.perOutputChannel]?.gptq ?? .nan),
                result.relative(result.losses[.perInputChannel]?.gptq ?? .nan), peakMemory))
    }

    /// The loss of a few rows far apart by the factor, and once more in Double from the activations themselves: a wrong index
    /// beyond 2³¹ elements, in Gram, factor or codes, would show.
    private func check(_ result: LayerQuantization, _ data: SyntheticLayer, _ factor: GramFactor<Float>) throws {
        let rows = Array(Set([0, out / 2, out - 1])).sorted()
        var weight = Matrix<Float>(repeating: 0, rows: rows.count, columns: inputs)
        var quantized = weight
        for (r, row) in rows.enumerated() {
            let first = row / panelRows * panelRows
            let panel = data.weight(rows: first..<min(first + panelRows, out), columns: inputs)
            for j in 0..<inputs {
                weight[r, j] = panel[row - first, j]
                quantized[r, j] = result.quantized.value(row, j)
            }
        }
        let byFactor = try factor.loss(of: quantized, replacing: weight)
        var byActivations = 0.0
        for start in stride(from: 0, to: tokens, by: tokensAtOnce) {
            let activations = data.activations(inputs: inputs, tokens: start..<min(start + tokensAtOnce, tokens))
            for token in 0..<activations.columns {
                var missed = [Double](repeating: 0, count: rows.count)
                for j in 0..<inputs {
                    for r in rows.indices {
                        missed[r] += Double(weight[r, j] - quantized[r, j]) * Double(activations[j, token])
                    }
                }
                byActivations += missed.reduce(0) { $0 + $1 * $1 }
            }
        }
        say(
            String(
                format: "loss of %d rows by the factor %.8g, by the activations in Double %.8g: residual %.0e",
                rows.count,
                byFactor, byActivations, abs(byFactor - byActivations) / byActivations))
    }
}

extension QuantizedMatrix {
    /// One weight, (code − zero)·scale.
    fileprivate func value(_ row: Int, _ column: Int) -> Float {
        let (r, c) = dimension == .perOutputChannel ? (row, column / groupSize) : (row / groupSize, column)
        return Float(Int(codes[row, column]) - Int(zeroPoints[r, c])) * scales[r, c]
    }
}

/// Bytes in 10⁹.
private func gigabytes(_ bytes: Int) -> String { String(format: "%.2f GB", Double(bytes) * 1e-9) }

/// The most memory that this process has held, in 10⁹ bytes.
private var peakMemory: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) * 1024 * 1e-9
}
