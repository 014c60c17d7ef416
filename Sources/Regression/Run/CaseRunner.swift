import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

/// Runs one layer through an engine, and checks the results by the identities.
struct CaseRunner<S: RealScalar> {
    let name: String
    let weight: Matrix<S>
    let inputs: LayerInputs<S>
    let options: QuantizationOptions
    let arithmetic: Arithmetic

    /// - Throws: what the engine throws.
    func run(_ engine: some RegressionEngine, _ checkCancellation: () throws -> Void) throws -> CaseOutcome {
        let start = ContinuousClock.now
        var findings = Findings()
        let gram =
            switch inputs {
            case .activations(let activations): try engine.gram(activations: activations)
            case .gram(let matrix): try engine.gram(matrix: matrix)
            }
        // The lower triangle twice: mirroring it is under test, too.
        let lower = gram.lower
        let h = lower.withView { h in
            Matrix(rows: lower.rows, columns: lower.rows) { h[max($0, $1), min($0, $1)] }
        }
        try checkCancellation()
        if case .activations(let activations) = inputs {
            GramJudge.judge(
                h.inDouble, activations: activations.inDouble, epsilon: arithmetic.epsilon, into: &findings)
        }
        let factor = try engine.factor(gram, options)
        try checkCancellation()
        let judge = FactorJudge(
            factor, gram: h.inDouble, options, epsilon: arithmetic.epsilon, into: &findings)
        var outcome = CaseOutcome(
            record: record(h: h, factor: factor, residual: judge.residual), findings: findings)
        try quantizeAndJudge(engine, factor, judge, &outcome, checkCancellation)
        outcome.record.identities = outcome.findings.worst.reduce(into: [:]) { $0[$1.key.rawValue] = $1.value.ratio }
        outcome.record.seconds = start.duration(to: .now) / .seconds(1)
        return outcome
    }

    private func record(h: Matrix<S>, factor: EngineFactor<S>, residual: Double) -> CaseRecord {
        var source = Digest()
        source.add(bytes: Array((Digest.text(weight.inDouble) + inputs.digest).utf8))
        return CaseRecord(
            name: name, out: weight.rows, inputs: weight.columns, options: options.text, arithmetic: arithmetic,
            threads: BLASLibrary.threadCount, source: source.text, gram: Digest.text(h.inDouble),
            factor: CaseRecord.Factor(
                digest: Digest.text(factor.upper.inDouble), damping: factor.source.damping,
                dampingShare: factor.source.dampingShare, isRaised: !factor.source.failedAttempts.isEmpty,
                residual: residual,
                inactiveInputs: factor.source.inactiveInputs.count),
            runs: [], identities: [:], seconds: 0)
    }

    private var tokens: Int {
        if case .activations(let matrix) = inputs { matrix.columns } else { 0 }
    }

    /// The runs of the case: as its options say, and for an adaptive choice both directions by what it is made by.
    private var variants: [(name: String, options: QuantizationOptions)] {
        guard options.direction.isAdaptive else { return [(options.direction.name, options)] }
        var judged = options
        if options.direction == .adaptive(by: .roundToNearest) { judged.method = .roundToNearest }
        return [("adaptive", options)]
            + ChannelDimension.allCases.map { dimension in
                judged.direction.fixedDimension = dimension
                return ("\(judged.method.rawValue) \(dimension.rawValue)", judged)
            }
    }

    private func quantizeAndJudge(
        _ engine: some RegressionEngine, _ factor: EngineFactor<S>, _ judge: FactorJudge,
        _ outcome: inout CaseOutcome, _ checkCancellation: () throws -> Void
    ) throws {
        let w = weight.inDouble
        let order = judge.order ?? Array(0..<w.columns)
        let magnitudes = judge.upper.magnitudes
        let energy = LossJudge(
            w.withView { w in Matrix(rows: w.rows, columns: w.columns) { w[$0, order[$1]] } }, judge,
            magnitudes: magnitudes, into: &outcome.findings)
        func judgeRun(
            _ name: String, _ layer: EngineLayer, _ options: QuantizationOptions, after swept: LayerJudge?
        ) throws -> LayerJudge? {
            guard
                var judged = LayerJudge(
                    layer, weight: w, judge, magnitudes: magnitudes, options, into: &outcome.findings)
            else { return nil }
            outcome.codes[name] = judged.judge(afterPassesOver: swept, into: &outcome.findings)
            outcome.record.runs.append(record(name, layer, judged))
            return judged
        }
        var adaptive: EngineLayer?
        var directions: [ChannelDimension: LossJudge] = [:]
        for (name, options) in variants {
            try checkCancellation()
            let layer = try engine.quantize(weight, factor, options)
            energy.judge(layer.outputEnergy, .outputEnergy, "‖WX‖²", into: &outcome.findings)
            var swept: LayerJudge?
            if var plain = options.sweepAlone {
                plain.direction.fixedDimension = layer.quantized.dimension
                swept = try judgeRun("\(name), no passes", engine.quantize(weight, factor, plain), plain, after: nil)
            }
            guard let judged = try judgeRun(name, layer, options, after: swept) else { continue }
            if options.direction.isAdaptive {
                adaptive = layer
            } else {
                directions[layer.quantized.dimension] = judged.loss
            }
        }
        if let adaptive { ChoiceJudge.judge(adaptive, directions, options, into: &outcome.findings) }
    }

    private func record(_ name: String, _ layer: EngineLayer, _ judged: LayerJudge) -> CaseRecord.Run {
        let quantized = layer.quantized
        var histogram = [Int](repeating: 0, count: 1 << quantized.bits)
        quantized.codes.withView { codes in
            for j in 0..<codes.columns {
                for i in 0..<codes.rows where Int(codes[i, j]) < histogram.count { histogram[Int(codes[i, j])] += 1 }
            }
        }
        return CaseRecord.Run(
            name: name, method: layer.method, dimension: quantized.dimension, bits: quantized.bits,
            gridType: quantized.twoLevel?.type,
            unitRows: quantized.dimension == .perInputChannel ? judged.groups.size : 1, loss: layer.loss,
            lossBound: judged.loss.bound, sumBound: judged.loss.sumBound(tokens: tokens),
            outputEnergy: layer.outputEnergy, histogram: histogram,
            codes: Digest.text(quantized.codes), scales: Digest.text(quantized.scales),
            zeroPoints: Digest.text(quantized.zeroPoints), offsets: quantized.offsets.map { Digest.text($0) },
            shareNearTies: judged.shareNearTies)
    }
}

extension QuantizationOptions {
    /// All of them. Baselines contain these words, so a check finds other ones only if the options are others.
    fileprivate var text: String {
        "\(grid.bits) bits, groups of \(grid.groupSize.map(String.init) ?? "a channel"), "
            + "\(direction.name) \(method.rawValue), "
            + "select \(direction.selection.rawValue), damping \(factor.damping), \(grid.scaleType.rawValue) scales"
            + (grid.isSymmetric ? ", symmetric" : "") + (factor.activationOrder ? ", activation order" : "")
            + (grid.ranges == .search ? ", searched ranges" : "")
            + (grid.twoLevel.map { ", \($0.rawValue)" } ?? "")
            + (refinement.passes > 0 ? ", \(refinement.passes) passes over \(refinement.parts.rawValue)" : "")
    }
}
