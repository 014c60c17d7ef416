import AdaDim
import ArgumentParser
import Foundation
import Results
import SyntheticData

/// A layer as large as Llama-3-405B's down projection, from activations to codes in both directions: Gram, factor and
/// adaptive sweep, with activations and weight made and handed over panel by panel.
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
    @Option(help: "Also write the results to this file.") var json: String?

    static func main() {
        BLASLibrary.startAgainWithBestKernels()
        main(nil)
    }

    func validate() throws {
        for (name, value) in [
            ("out", out), ("in", inputs), ("tokens", tokens), ("tokens-at-once", tokensAtOnce),
            ("panel-rows", panelRows), ("threads", threads),
        ] where value < 1 {
            throw ValidationError("--\(name) is \(value), expected at least 1")
        }
    }

    func run() throws {
        let file = try json.map { try ResultsFile($0) }
        BLASLibrary.threadCount = threads
        let options = QuantizationOptions(.fast) {
            $0.grid.bits = bits
            $0.grid.groupSize = groupSize
            $0.direction = .adaptive(by: .sweep)
        }
        let plan = try MemoryPlan(
            rows: out, columns: inputs, tokensAtOnce: tokensAtOnce, panelRows: panelRows, options: options)
        try plan.check()
        say(
            "[\(out), \(inputs)], \(tokens) tokens, \(bits) bits, groups of \(groupSize); \(BLASLibrary.coreName), "
                + "\(threads) threads; planned \(gigabytes(plan.total)), H of it \(gigabytes(plan.gram))")
        let rate = BLASLibrary.productRate()
        let data = SyntheticLayer(seed: 1)

        let gramPhase = Phase("giant gram", flops: Double(tokens) * square)
        var gram = try gramPhase.time { try Gram<Float>(order: inputs) }
        for start in stride(from: 0, to: tokens, by: tokensAtOnce) {
            let range = start..<min(start + tokensAtOnce, tokens)
            let activations = data.activations(inputs: inputs, tokens: range)
            try gramPhase.time { try gram.accumulate(activations) }
            gramPhase.show(Double(range.upperBound) / Double(tokens))
        }

        let factorPhase = Phase("giant factor", flops: square * Double(inputs) / 3)
        // Not in a closure: Swift 6.3 lets go of a captured variable a second time when it is consumed there.
        let start = ContinuousClock.now
        let factor = try GramFactor(consume gram, options: options.factor) { factorPhase.show($0) }
        factorPhase.add(since: start)

        // ‖WX‖² and both sweeps.
        let search = Phase("giant search", flops: 3 * Double(out) * square)
        var layer = try PanelledLayer(
            rows: out, columns: inputs, panelRows: panelRows,
            quantizer: try LayerQuantizer(factor: factor, options: options)
        ) { search.show($0) }
        while let rows = layer.nextRows {
            let panel = data.weight(rows: rows, columns: inputs)
            try search.time { try layer.add(panel) }
        }
        let result = try search.time { try layer.finished() }
        let peak = peakBytes
        let meanRate = (rate + BLASLibrary.productRate()) / 2
        let residual = try residual(of: result, data, factor, panelRows: plan.panelRows)

        let whole = Phase("giant", of: [gramPhase, factorPhase, search])
        var rows = [gramPhase, factorPhase].map { $0.row(rate: meanRate, residual: residual) }
        rows += [search, whole].map {
            $0.row(rate: meanRate, residual: residual, relativeLoss: result.relativeLoss)
        }
        rows[rows.count - 1].peakBytes = peak
        report(result, rows)
        try file?.write(Results(rows, threads: threads, repository: URL(filePath: ".")))
    }

    private var square: Double { Double(inputs) * Double(inputs) }

    private func report(_ result: LayerQuantization, _ rows: [Row]) {
        for row in rows {
            say(
                String(
                    format: "%@: %.1f s, %.0f GFLOP/s, %.0f %% of sgemm", row.work, row.seconds, row.gflops,
                    row.shareOfSgemm * 100))
        }
        func relative(_ dimension: ChannelDimension) -> Double {
            result.relative(result.losses[dimension]?.gptq ?? .nan)
        }
        say(
            String(
                format: "%@ chosen, relative loss %.5f (per-OC %.5f, per-IC %.5f); peak memory %@",
                result.dimension.rawValue, result.relativeLoss, relative(.perOutputChannel), relative(.perInputChannel),
                gigabytes(rows.last?.peakBytes ?? 0)))
    }

    /// The loss of a few rows far apart by the factor, and once more in Double from the activations themselves: a wrong
    /// index beyond 2³¹ elements, in Gram or factor, would show.
    /// - Returns: the relative difference of the two.
    private func residual(
        of result: LayerQuantization, _ data: SyntheticLayer, _ factor: GramFactor<Float>, panelRows: Int
    ) throws -> Double {
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
        let residual = abs(byFactor - byActivations) / byActivations
        say(
            String(
                format: "loss of %d rows by the factor %.8g, by the activations in Double %.8g: residual %.0e",
                rows.count, byFactor, byActivations, residual))
        return residual
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

/// The most memory that this process has held.
private var peakBytes: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss * 1024
}
