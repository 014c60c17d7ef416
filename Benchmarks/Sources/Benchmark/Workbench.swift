import AdaDim
import Foundation
import Results
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

    static let directions: [(name: String, dimension: QuantizationOptions.Direction)] = [
        ("per-oc", .fixed(.perOutputChannel)), ("per-ic", .fixed(.perInputChannel)),
        ("adaptive", .adaptive(by: .sweep)),
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

    /// All works that can be requested.
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
            + directions.dropLast().flatMap { direction in
                ["sweep", "searched sweep", "refined sweep"].map { "\($0) \(direction.name) \(shape.name)" }
            }
    }

    private func wants(_ works: [String]) -> Bool {
        only.map { only in works.contains { $0.contains(only) } } ?? true
    }

    private mutating func add(
        _ work: String, flops: Double, _ samples: [Sample], residual: Double? = nil, relativeLoss: Double? = nil
    ) {
        guard wants([work]), !results.rows.contains(where: { $0.work == work }) else { return }
        results.rows.append(
            Row(
                work: work, kernel: kernel, flops: flops, seconds: samples.map(\.seconds).median,
                shareOfSgemm: samples.map { flops / $0.seconds / $0.rate }.median, residual: residual,
                relativeLoss: relativeLoss))
    }

    private mutating func layer(_ shape: LayerShape, runs: Int) throws {
        let data = SyntheticLayer(seed: 1)
        let activations = data.activations(inputs: shape.inputs, tokens: 0..<LayerRun.tokens)
        let weight = data.weight(rows: 0..<shape.rows, columns: shape.inputs)
        let gramFlops = Flops.gram(inputs: shape.inputs, tokens: LayerRun.tokens)
        let (factor, sweep) = (Flops.factor(inputs: shape.inputs), Flops.sweep(shape))
        var (grams, factors): ([Sample], [Sample]) = ([], [])
        for (name, dimension) in Self.directions {
            progress("\(shape.name) \(name)")
            let first = try LayerRun(
                shape, dimension, activations: activations, weight: weight, measuringResiduals: true)
            let measured = try Timed.runs(runs) {
                try LayerRun(shape, dimension, activations: activations, weight: weight, measuringResiduals: false)
            }
            let residuals = first.residuals
            let swept = dimension.isAdaptive ? 2 * sweep : sweep
            let loss = first.relativeLoss
            if dimension.isAdaptive {
                add(
                    "search adaptive \(shape.name)", flops: swept, measured.samples(\.sweep),
                    residual: residuals?.sweep, relativeLoss: loss)
                add(
                    "factor+search \(shape.name)", flops: factor + swept, measured.samples(\.factorAndSweep),
                    residual: residuals?.sweep, relativeLoss: loss)
            } else {
                add(
                    "sweep \(name) \(shape.name)", flops: swept, measured.samples(\.sweep),
                    residual: residuals?.sweep, relativeLoss: loss)
            }
            if name == "per-oc" {
                add(
                    "factor+sweep per-oc \(shape.name)", flops: factor + swept, measured.samples(\.factorAndSweep),
                    residual: residuals?.sweep, relativeLoss: loss)
            }
            add(
                "layer \(name) \(shape.name)", flops: gramFlops + factor + sweep + swept, measured.samples(\.whole),
                residual: residuals?.sweep, relativeLoss: loss)
            grams += measured.samples(\.gram)
            factors += measured.samples(\.factor)
            if dimension.isAdaptive {
                add("gram \(shape.inputs)", flops: gramFlops, grams, residual: residuals?.gram)
                add("factor \(shape.inputs)", flops: factor, factors, residual: residuals?.factor)
            }
        }
        try moreThanASweep(shape, runs: runs, activations: activations, weight: weight)
    }

    /// Sweeps with MSE clipping, and the same with two passes of refinement after them.
    private mutating func moreThanASweep(
        _ shape: LayerShape, runs: Int, activations: Matrix<Float>, weight: Matrix<Float>
    ) throws {
        // Besides the sweep: two products a pass, and one for the loss that they leave.
        for (work, passes, products) in [("searched sweep", 0, 1.0), ("refined sweep", 2, 6.0)] {
            for (name, dimension) in Self.directions.dropLast() where wants(["\(work) \(name) \(shape.name)"]) {
                progress("\(work) \(name) \(shape.name)")
                func run(measuringResiduals: Bool) throws -> LayerRun {
                    try LayerRun(
                        shape, dimension, ranges: .search, passes: passes, activations: activations, weight: weight,
                        measuringResiduals: measuringResiduals)
                }
                let first = try run(measuringResiduals: true)
                add(
                    "\(work) \(name) \(shape.name)", flops: products * Flops.sweep(shape),
                    try Timed.runs(runs) { try run(measuringResiduals: false) }.samples(\.sweep),
                    residual: first.residuals?.sweep, relativeLoss: first.relativeLoss)
            }
        }
    }

    /// The four inputs of a Llama block: of q, k, v; of o; of gate, up; of down.
    private mutating func gramBlock() throws {
        progress(Self.gramBlock)
        let data = SyntheticLayer(seed: 2)
        let inputs = [4096, 4096, 4096, 11008]
        let activations = [4096, 11008].map { data.activations(inputs: $0, tokens: 0..<LayerRun.tokens) }
        func seconds(_ check: (Gram<Float>, Matrix<Float>) -> Void) throws -> Double {
            let clock = ContinuousClock()
            var seconds = 0.0
            for order in inputs {
                let x = activations[order == 4096 ? 0 : 1]
                let start = clock.now
                var gram = try Gram<Float>(order: order)
                try gram.accumulate(x)
                seconds += start.duration(to: clock.now).seconds
                check(gram, x)
            }
            return seconds
        }
        var residual = 0.0
        _ = try seconds { gram, x in residual = max(residual, gram.symmetric().residual(asGramOf: x)) }
        let measured = try Timed.runs(3) { try seconds { _, _ in } }
        let flops = inputs.reduce(0) { $0 + Flops.gram(inputs: $1, tokens: LayerRun.tokens) }
        add(Self.gramBlock, flops: flops, measured.samples(\.self), residual: residual)
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
        let works = [Self.oneThread, Self.twoThreads]
        func run(measuringResiduals: Bool) throws -> LayerRun {
            try LayerRun(
                shape, .adaptive(by: .sweep), activations: activations, weight: weight,
                measuringResiduals: measuringResiduals)
        }
        var (first, samples): ([LayerRun], [[Sample]]) = ([], [[], []])
        for round in 0..<4 {
            // In turn, so that a slow spell of the machine meets both.
            for (index, work) in works.enumerated() {
                progress(work)
                BLASLibrary.threadCount = index + 1
                if round == 0 {
                    first.append(try run(measuringResiduals: true))
                } else {
                    samples[index] += try Timed.runs(1) { try run(measuringResiduals: false) }.samples(\.whole)
                }
            }
        }
        BLASLibrary.threadCount = threads
        for ((work, first), samples) in zip(zip(works, first), samples) {
            add(work, flops: flops, samples, residual: first.residuals?.sweep, relativeLoss: first.relativeLoss)
        }
        let gains = zip(samples[0], samples[1]).map { one, two in
            (layer: one.seconds / two.seconds, sgemm: two.rate / one.rate)
        }
        results.notes.append(
            String(
                format:
                    "%@: a second thread makes the layer %.2f times as fast, sgemm %.2f times: %.3f of sgemm's gain",
                kernel, gains.map(\.layer).median, gains.map(\.sgemm).median, gains.map { $0.layer / $0.sgemm }.median))
    }

    private mutating func run(_ endToEnd: EndToEnd) throws {
        let measured = try Timed.runs(3) {
            progress(EndToEnd.work)
            return try endToEnd.run(threads: threads)
        }
        add(
            EndToEnd.work, flops: endToEnd.flops, measured.samples(\.seconds),
            relativeLoss: measured.map(\.run.meanRelativeLoss).median)
    }

    private func progress(_ work: String) {
        FileHandle.standardError.write(Data("\(kernel): \(work)\n".utf8))
    }
}
