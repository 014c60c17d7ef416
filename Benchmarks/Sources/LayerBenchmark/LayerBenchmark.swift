import AdaDim
import ArgumentParser

/// Times the stages of one layer, on the same kind of data as the peer, `gptq_torch.py`: Gram, factor, sweep.
@main
struct LayerBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Time Gram, factor and sweep of one layer; prints JSON with the stages of gptq_torch.py.")

    @Option(help: "Output channels.") var out = 4096
    @Option(name: .customLong("in"), help: "Input channels.") var inputs = 4096
    @Option(help: "Calibration tokens.") var tokens = 8192
    @Option(help: "Bits.") var bits = 4
    @Option(help: "Weights to a group.") var groupSize = 128
    @Option(help: "per-oc, per-ic or adaptive.") var dimension = "per-oc"
    @Option(help: "Threads of BLAS and engine.") var threads = 2

    func validate() throws {
        guard dimension == "adaptive" || ChannelDimension(rawValue: dimension) != nil else {
            throw ValidationError("--dimension is per-oc, per-ic or adaptive, found \(dimension)")
        }
    }

    func run() throws {
        BLASLibrary.threadCount = threads
        var random = SyntheticLayer(seed: 0)
        let activations = random.activations(inputs: inputs, tokens: tokens)
        let weight = random.weight(rows: out, columns: inputs)
        var options = QuantizationOptions(bits: bits, groupSize: groupSize, selection: .sweep)
        options.dimension = ChannelDimension(rawValue: dimension).map { .fixed($0) } ?? .adaptive

        let clock = ContinuousClock()
        var gram = Gram<Float>(order: inputs)
        let gramTime = try clock.measure { try gram.accumulate(activations) }
        let start = clock.now
        let quantizer = try LayerQuantizer(gram: consume gram, options: options)
        let factorTime = start.duration(to: clock.now)
        let layer = try quantizer.quantize(weight)
        print(
            """
            {"gram_s": \(gramTime.seconds), "factor_s": \(factorTime.seconds), "sweep_s": \(layer.seconds.sweep), \
            "loss": \(layer.loss), "relative_loss": \(layer.relativeLoss), "dimension": "\(layer.dimension.rawValue)", \
            "kernel": "\(BLASLibrary.coreName)"}
            """)
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
