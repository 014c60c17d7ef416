import AdaDim
import Foundation
import SyntheticData

/// Measures all works in this process, with the kernels that OpenBLAS has chosen in it.
struct Workbench {
    let kernel: String
    let threads: Int
    let only: Regex<AnyRegexOutput>?
    let endToEnd: EndToEnd?
    private var results = ChildResults(core: BLASLibrary.coreName, configuration: BLASLibrary.configuration)

    /// A shape, and how many timed runs it gets.
    static let shapes: [(shape: LayerShape, runs: Int)] = [
        (LayerShape(rows: 1536, inputs: 576), 9), (LayerShape(rows: 2048, inputs: 2048), 7),
        (square, 5), (LayerShape(rows: 11008, inputs: 4096), 3),
        (wide, 3), (LayerShape(rows: 5120, inputs: 13824), 3),
    ]
    static let square = LayerShape(rows: 4096, inputs: 4096)
    static let wide = LayerShape(rows: 4096, inputs: 11008)

    static let directions: [(name: String, dimension: QuantizationOptions.Dimension)] = [
        ("per-oc", .fixed(.perOutputChannel)), ("per-ic", .fixed(.perInputChannel)), ("adaptive", .adaptive),
    ]

    init(kernel: String, threads: Int, only: Regex<AnyRegexOutput>?, endToEnd: EndToEnd?) {
        (self.kernel, self.threads, self.only, self.endToEnd) = (kernel, threads, only, endToEnd)
    }

    mutating func run() throws -> ChildResults {
        BLASLibrary.threadCount = threads
        for (shape, runs) in Self.shapes where wants(Self.names(shape)) { try layer(shape, runs: runs) }
        if wants([Self.gramBlock]) { try gramBlock() }
        if wants([Self.oneThread, Self.twoThreads]) { try threadScaling() }
        if let endToEnd, wants([EndToEnd.work]) { try run(endToEnd) }
        return results
    }

    /// Everything that can be asked for.
    static var allNames: [String] {
        shapes.flatMap { names($0.shape) } + [gramBlock, oneThread, twoThreads, EndToEnd.work]
    }

    static let gramBlock = "gram block 4096/11008"
    static let (oneThread, twoThreads) = ("layer 4096x4096 1 thread", "layer 4096x4096 2 threads")

    /// The works that come of one shape's runs.
    static func names(_ shape: LayerShape) -> [String] {
        ["gram \(shape.inputs)", "factor \(shape.inputs)", "search adaptive \(shape.name)"]
            + ["factor+sweep per-oc \(shape.name)", "factor+search \(shape.name)"]
            + directions.map { "layer \($0.name) \(shape.name)" }
            + directions.dropLast().map { "sweep \($0.name) \(shape.name)" }
    }

    private func wants(_ works: [String]) -> Bool {
        only.map { only in works.contains { $0.contains(only) } } ?? true
    }

    private mutating func add(
        _ work: String, flops: Double, seconds: [Double], rate: Double, residual: Double? = nil,
        relativeLoss: Double? = nil
    ) {
        guard wants([work]), !results.rows.contains(where: { $0.work == work }) else { return }
        let time = seconds.median
        results.rows.append(
            Row(
                work: work, kernel: kernel, seconds: time, gflops: flops / time * 1e-9,
                shareOfSgemm: flops / time / rate, residual: residual, relativeLoss: relativeLoss))
    }

    /// The `sgemm` rate around some work: the mean of before and after.
    private func withRate(_ work: () throws -> Void) rethrows -> Double {
        let before = BLASLibrary.productRate(repeats: 3)
        try work()
        return (before + BLASLibrary.productRate(repeats: 3)) / 2
    }

    private mutating func layer(_ shape: LayerShape, runs: Int) throws {
        let data = SyntheticLayer(seed: 1)
        let activations = data.activations(inputs: shape.inputs, tokens: 0..<LayerRun.tokens)
        let weight = data.weight(rows: 0..<shape.rows, columns: shape.inputs)
        let gramFlops = Flops.gram(inputs: shape.inputs, tokens: LayerRun.tokens)
        let (factor, sweep) = (Flops.factor(inputs: shape.inputs), Flops.sweep(shape))
        var (grams, factors): ([Double], [Double]) = ([], [])
        for (name, dimension) in Self.directions {
            progress("\(shape.name) \(name)")
            let first = try LayerRun(
                shape, dimension, activations: activations, weight: weight, measuringResiduals: true)
            var measured: [LayerRun] = []
            let rate = try withRate {
                for _ in 0..<runs {
                    measured.append(
                        try LayerRun(
                            shape, dimension, activations: activations, weight: weight, measuringResiduals: false))
                }
            }
            let residuals = first.residuals
            let swept = dimension == .adaptive ? 2 * sweep : sweep
            let loss = first.relativeLoss
            if dimension == .adaptive {
                add(
                    "search adaptive \(shape.name)", flops: swept, seconds: measured.map(\.sweep), rate: rate,
                    residual: residuals?.sweep, relativeLoss: loss)
                add(
                    "factor+search \(shape.name)", flops: factor + swept,
                    seconds: measured.map { $0.factor + $0.sweep },
                    rate: rate, residual: residuals?.sweep, relativeLoss: loss)
            } else {
                add(
                    "sweep \(name) \(shape.name)", flops: swept, seconds: measured.map(\.sweep), rate: rate,
                    residual: residuals?.sweep, relativeLoss: loss)
            }
            if name == "per-oc" {
                add(
                    "factor+sweep per-oc \(shape.name)", flops: factor + swept,
                    seconds: measured.map { $0.factor + $0.sweep }, rate: rate, residual: residuals?.sweep,
                    relativeLoss: loss)
            }
            add(
                "layer \(name) \(shape.name)", flops: gramFlops + factor + sweep + swept,
                seconds: measured.map(\.whole), rate: rate, residual: residuals?.sweep, relativeLoss: loss)
            grams += measured.map(\.gram)
            factors += measured.map(\.factor)
            if dimension == .adaptive {
                add("gram \(shape.inputs)", flops: gramFlops, seconds: grams, rate: rate, residual: residuals?.gram)
                add("factor \(shape.inputs)", flops: factor, seconds: factors, rate: rate, residual: residuals?.factor)
            }
        }
    }

    /// The four inputs of a Llama block: of q, k, v; of o; of gate, up; of down.
    private mutating func gramBlock() throws {
        progress(Self.gramBlock)
        let data = SyntheticLayer(seed: 2)
        let inputs = [4096, 4096, 4096, 11008]
        let activations = [4096, 11008].map { data.activations(inputs: $0, tokens: 0..<LayerRun.tokens) }
        var (times, residual): ([Double], Double) = ([], 0)
        let clock = ContinuousClock()
        let rate = try withRate {
            for run in 0..<4 {
                var seconds = 0.0
                for order in inputs {
                    var gram = Gram<Float>(order: order)
                    let x = activations[order == 4096 ? 0 : 1]
                    seconds += try clock.measure { try gram.accumulate(x) }.seconds
                    if run == 0 { residual = max(residual, gram.symmetric().residual(asGramOf: x)) }
                }
                if run > 0 { times.append(seconds) }
            }
        }
        let flops = inputs.reduce(0) { $0 + Flops.gram(inputs: $1, tokens: LayerRun.tokens) }
        add(Self.gramBlock, flops: flops, seconds: times, rate: rate, residual: residual)
    }

    /// The whole adaptive layer with one thread and with two, and how that compares with `sgemm`'s own gain.
    private mutating func threadScaling() throws {
        let data = SyntheticLayer(seed: 1)
        let shape = Self.square
        let activations = data.activations(inputs: shape.inputs, tokens: 0..<LayerRun.tokens)
        let weight = data.weight(rows: 0..<shape.rows, columns: shape.inputs)
        let flops =
            Flops.gram(inputs: shape.inputs, tokens: LayerRun.tokens) + Flops.factor(inputs: shape.inputs)
            + 3 * Flops.sweep(shape)
        var (times, rates): ([[Double]], [[Double]]) = ([[], []], [[], []])
        for run in 0..<4 {
            // In turn, so that a slow spell of the machine meets both.
            for (index, count) in [1, 2].enumerated() {
                progress("\(shape.name) with \(count) \(count == 1 ? "thread" : "threads")")
                BLASLibrary.threadCount = count
                rates[index].append(BLASLibrary.productRate(repeats: 3))
                let measured = try LayerRun(
                    shape, .adaptive, activations: activations, weight: weight, measuringResiduals: false)
                if run > 0 { times[index].append(measured.whole) }
            }
        }
        BLASLibrary.threadCount = threads
        add(Self.oneThread, flops: flops, seconds: times[0], rate: rates[0].median)
        add(Self.twoThreads, flops: flops, seconds: times[1], rate: rates[1].median)
        let gain = times[0].median / times[1].median
        let ownGain = rates[1].median / rates[0].median
        results.notes.append(
            String(
                format:
                    "%@: a second thread makes the layer %.2f times as fast, sgemm %.2f times: %.3f of sgemm's gain",
                kernel, gain, ownGain, gain / ownGain))
    }

    private mutating func run(_ endToEnd: EndToEnd) throws {
        var times: [Double] = []
        let rate = try withRate {
            for _ in 0..<3 {
                progress(EndToEnd.work)
                times.append(try endToEnd.seconds(threads: threads))
            }
        }
        add(EndToEnd.work, flops: endToEnd.flops, seconds: times, rate: rate)
    }

    private func progress(_ work: String) {
        FileHandle.standardError.write(Data("\(kernel): \(work)\n".utf8))
    }
}
