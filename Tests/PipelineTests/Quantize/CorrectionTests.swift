import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimCorrection
import AdaDimDecoder
import AdaDimLinearAlgebra
import AdaDimPipeline
import AdaDimQuantization
import AdaDimRecipe
import AdaDimReports
import AdaDimTestSupport
import Foundation
import Testing

/// A run whose layers compensate for what earlier quantization changed, compared with both models run side by side.
@Suite struct CorrectionTests {
    private func job(_ scratch: Scratch, model name: String) throws -> QuantizationJob {
        var job = try scratch.job(name, samples: 12)
        job.recipe.options.grid.bits = 3
        job.recipe.correction = shares
        return job
    }

    /// Every layer's losses by their definitions, from inputs that the written and the original model give. One model is in
    /// float32: what is written of it is what the engine has, and all that differs is the rounding of sums over 192 tokens,
    /// some of which cancel. The other's weights are rounded once more as they are written, by 2⁻⁹ of themselves, and so are
    /// what later layers see. The tolerances are margins over what such roundings make of a loss, not bounds.
    @Test(arguments: [("qwen3", 1e-3), ("mistral-window", 0.05)])
    func lossesAreThoseOfBothModelsSideBySide(_ model: String, _ tolerance: Double) throws {
        let scratch = try Scratch()
        let job = try job(scratch, model: model)
        let report = try QuantizeCheckpoint(job).run()
        let entries = Dictionary(uniqueKeysWithValues: report.layers.map { ($0.name, $0) })
        let original = try DecoderModel(Checkpoint(directory: job.model))
        let written = try DecoderModel(Checkpoint(directory: job.output))
        let source = try TokenSource(file: job.calibration) { throw CancellationError() }
        let samples = try CalibrationSamples(
            from: source, samples: 12, length: 16, seed: 0,
            vocabularySize: original.configuration.vocabularySize, maximumLength: 16)
        var (state, changed) = (try original.embed(samples.sequences), try written.embed(samples.sequences))
        for index in 0..<original.configuration.blockCount {
            let (block, changedBlock) = (try original.block(index), try written.block(index))
            for (place, computed) in block.stages.enumerated() {
                let x = block.keepInput(of: &state).inDouble
                let xq = changedBlock.keepInput(of: &changed).inDouble
                let isAdded = computed.name == "attentionOutput" || computed.name == "down"
                let residual = isAdded ? (state.hidden.inDouble, changed.hidden.inDouble) : nil
                for layer in original.configuration.layers(ofBlock: index).filter({ $0.stage == place }) {
                    let stage = Stage(x: x, xq: xq, residual: residual)
                    let entry = try #require(entries[layer.moduleName])
                    guard index > 0 || stage.hasMoved else {
                        #expect(entry.correction == nil)
                        continue
                    }
                    try stage.expect(
                        entry, weight: block.weight(layer.name).inDouble,
                        quantized: changedBlock.weight(layer.name).inDouble,
                        tolerance)
                }
                try block.advance(&state)
                try changedBlock.advance(&changed)
            }
        }
        #expect(entries.values.count { $0.correction != nil } == 7 * original.configuration.blockCount - 3)
    }

    /// What the layers of one stage see, and saw: [in, tokens], and the residual stream [out, tokens] that their outputs are
    /// added to.
    private struct Stage {
        let x: Matrix<Double>
        let xq: Matrix<Double>
        let residual: (original: Matrix<Double>, shifted: Matrix<Double>)?

        var hasMoved: Bool { x != xq }

        func expect(
            _ entry: QuantizationReport.Layer, weight: Matrix<Double>, quantized: Matrix<Double>, _ tolerance: Double
        ) throws {
            let correction = try #require(entry.correction, "\(entry.name)")
            #expect(correction.inputs == shares.inputs)
            #expect(correction.residual == (residual == nil ? nil : shares.residual))
            let wx = weight.multiplied(by: x)
            func lost(_ other: Matrix<Double>) -> Double { difference(wx, other.multiplied(by: xq)).squaredNorm }
            let target = try target(weight, damping: entry.damping)
            let outputs = correction.outputs
            for (found, expected) in [
                (outputs.weight, lost(weight)), (outputs.target, lost(target)), (outputs.quantized, lost(quantized)),
            ] {
                #expect(abs(found.absolute - expected) <= tolerance * expected, "\(entry.name)")
            }
            // The layer's own loss is the distance from the target, as a share of what that gives.
            let loss = difference(target, quantized).multiplied(by: xq).squaredNorm
            let energy = target.multiplied(by: xq).squaredNorm
            #expect(abs(entry.loss.absolute - loss) <= tolerance * loss, "\(entry.name)")
            #expect(
                abs(try #require(entry.loss.relative) - loss / energy) <= 2 * tolerance * loss / energy, "\(entry.name)"
            )
            if let residual {
                let moved = difference(residual.original, residual.shifted).squaredNorm
                let found = try #require(correction.residualLoss)
                #expect(abs(found.absolute - moved) <= tolerance * moved, "\(entry.name)")
                let share = try #require(found.relative)
                #expect(
                    abs(share - moved / residual.original.squaredNorm) <= 2 * tolerance * share, "\(entry.name)")
            }
        }

        /// W + (α·W·K + β·D)·(H + λI)⁻¹, by an engine in Double whose formula has tests of its own.
        private func target(_ weight: Matrix<Double>, damping: Double) throws -> Matrix<Double> {
            var gram = try Gram<Double>(order: xq.rows)
            try gram.accumulate(xq)
            let factor = try GramFactor(gram, options: QuantizationOptions.fast.factor)
            // The mean diagonal is of squares of inputs, which differ by the weights' roundings at most.
            #expect(abs(factor.damping - damping) <= 0x1p-7 * damping)
            var shift = try InputShift<Double>(order: xq.rows, residualRows: residual?.original.rows)
            x.withView { x in
                xq.withView { xq in
                    guard let residual else { return shift.accumulate(original: x, shifted: xq, residual: nil) }
                    residual.original.withView { first in
                        residual.shifted.withView { second in
                            shift.accumulate(original: x, shifted: xq, residual: (first, second))
                        }
                    }
                }
            }
            return try factor.target(for: weight, shift, shares).weight
        }

        private func difference(_ a: Matrix<Double>, _ b: Matrix<Double>) -> Matrix<Double> {
            Matrix(rows: a.rows, columns: a.columns) { a[$0, $1] - b[$0, $1] }
        }
    }

    /// Every architecture runs with the best effort, and the correction moves the layers' outputs nearer to the original's in the mean.
    @Test(arguments: ["llama-biases", "mistral-window", "qwen2", "qwen3"])
    func everyArchitectureRunsWithTheBestEffort(_ model: String) throws {
        let scratch = try Scratch()
        var job = try job(scratch, model: model)
        job.recipe.apply(.best)
        let report = try QuantizeCheckpoint(job).run()
        let corrections = report.layers.compactMap(\.correction)
        #expect(corrections.count == report.layers.count - 3)
        func mean(_ loss: (QuantizationReport.OutputLosses) -> QuantizationReport.Loss) throws -> Double {
            let shares = corrections.compactMap { loss($0.outputs).relative }
            #expect(shares.count == corrections.count)
            return try #require(corrections.map { loss($0.outputs) }.meanRelative)
        }
        #expect(try mean(\.target) < mean(\.weight))
        // The reported losses are of H without λ, so a single one may rise.
        var (swept, refined) = (0.0, 0.0)
        for layer in report.layers {
            let losses = try #require(layer.losses[layer.dimension.rawValue])
            swept += try #require(losses.gptq?.relative)
            refined += try #require(losses.refined?.relative)
            #expect((1...4).contains(try #require(losses.passes)))
        }
        #expect(refined < swept)
    }

    /// Inputs of the original model have not moved: nothing is corrected, and the report says so.
    @Test func originalInputsAreNotCorrected() throws {
        let scratch = try Scratch()
        var job = try job(scratch, model: "qwen3")
        job.recipe.propagation = .original
        let report = try QuantizeCheckpoint(job).run()
        #expect(report.layers.allSatisfy { $0.correction == nil })
        #expect(report.options.recipe.correction == .none)
        job.recipe.correction = .none
        job.overwrite = true
        #expect(try QuantizeCheckpoint(job).run().layers.map(\.loss) == report.layers.map(\.loss))
    }
}

private let shares = OutputCorrection(inputs: 0.5, residual: 0.25)

extension Matrix<Float> {
    fileprivate var inDouble: Matrix<Double> { Matrix<Double>(rows: rows, columns: columns) { Double(self[$0, $1]) } }
}
