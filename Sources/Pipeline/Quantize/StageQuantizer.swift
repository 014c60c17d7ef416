import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimCorrection
import AdaDimDecoder
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimReports
import Logging

/// Quantizes the layers of one stage of a block, which share their input: one Gram matrix, one factor.
struct StageQuantizer {
    let job: QuantizationJob
    let plan: LayerPlan
    let log: Logger

    /// A quantized layer, what it was quantized with, and the time it took.
    struct Result {
        let layer: LinearLayer
        let quantization: LayerQuantization
        let damping: AppliedDamping
        /// nil without asymmetric calibration.
        let correction: QuantizationReport.Correction?
        var seconds: QuantizationReport.LayerSeconds
    }

    /// Sums up the inputs of a stage; nil if none of its layers is to be quantized.
    /// - Parameters:
    ///   - stage: its place in the block.
    ///   - seeing: called with the inputs of every batch [in, tokens].
    ///   - between: called after every batch.
    func gram(
        of stage: Int, in block: DecoderBlock, _ stream: inout CalibrationStream,
        seeing: (MatrixView<Float>) -> Void = { _ in }, between: () throws -> Void
    ) throws -> TimedGram? {
        guard let layer = plan.layers(ofStage: stage, inBlock: block.index).first else { return nil }
        var watch = Stopwatch()
        do {
            let gram = try watch.time {
                try stream.gram(
                    in: block, order: block.weight(layer.name).columns,
                    weighsByAttention: job.recipe.tokenWeights == .attention,
                    seeing: seeing, between: between)
            }
            return TimedGram(gram: gram, seconds: watch.seconds)
        } catch PipelineError.cancelled {
            throw PipelineError.cancelled
        } catch {
            throw PipelineError.layer(name: layer.moduleName, underlying: error)
        }
    }

    /// How far the inputs of a stage have moved from the original model's; nil where its stream is not followed.
    func shift(
        of stage: Int, in block: DecoderBlock, originally untouched: DecoderBlock,
        from original: inout CalibrationStream?, _ stream: inout CalibrationStream, between: () throws -> Void
    ) throws -> InputShift<Float>? {
        guard let layer = plan.layers(ofStage: stage, inBlock: block.index).first else { return nil }
        do {
            return try original?.shift(
                of: &stream, in: block, originally: untouched, order: block.weight(layer.name).columns,
                between: between)
        } catch PipelineError.cancelled {
            throw PipelineError.cancelled
        } catch {
            throw PipelineError.layer(name: layer.moduleName, underlying: error)
        }
    }

    struct TimedGram {
        var gram: Gram<Float>
        let seconds: Double
    }

    /// Quantizes the layers of a stage one after another and passes each to `finish`. The factor reuses the Gram
    /// matrix's memory.
    /// - Parameter shift: the shift of the inputs from the original model's, for asymmetric calibration.
    func quantize(
        _ stage: Int, of block: DecoderBlock, _ timed: inout TimedGram, _ shift: InputShift<Float>? = nil,
        finish: (Result) throws -> Void
    ) throws {
        let groups = factorGroups(plan.layers(ofStage: stage, inBlock: block.index))
        for (index, group) in groups.enumerated() {
            let seconds = index == 0 ? timed.seconds : 0
            if index == groups.count - 1 {
                // A factor is made in the memory of the Gram matrix.
                try quantize(group, of: block, &timed.gram, seconds: seconds, shift, finish: finish)
            } else {
                var copy = timed.gram
                try quantize(group, of: block, &copy, seconds: seconds, shift, finish: finish)
            }
        }
    }

    /// The layers of a stage by what their factors are made with; one group, unless rules differ.
    private func factorGroups(_ layers: [LinearLayer]) -> [[LinearLayer]] {
        var groups: [(options: QuantizationOptions.Factor, layers: [LinearLayer])] = []
        for layer in layers {
            guard let options = plan[layer]?.factor else { continue }
            if let place = groups.firstIndex(where: { $0.options == options }) {
                groups[place].layers.append(layer)
            } else {
                groups.append((options, [layer]))
            }
        }
        return groups.map(\.layers)
    }

    private func quantize(
        _ layers: [LinearLayer], of block: DecoderBlock, _ gram: inout Gram<Float>, seconds gramSeconds: Double,
        _ shift: InputShift<Float>?, finish: (Result) throws -> Void
    ) throws {
        guard let first = layers.first, let factorOptions = plan[first]?.factor else { return }
        let shares = job.recipe.carriedOut.correction
        var watch = Stopwatch()
        let factor = try naming(first) {
            try watch.time { try GramFactor(taking: &gram, options: factorOptions) }
        }
        let damping = AppliedDamping(factor)
        damping.log(to: log, subject: Self.subject(layers))
        for layer in layers {
            guard let options = plan[layer] else { continue }
            let weight = block.weight(layer.name)
            var correcting = Stopwatch()
            let (quantization, correction) = try naming(layer) {
                let quantizer = try LayerQuantizer(factor: factor, options: options)
                guard let shift else { return (try quantizer.quantize(weight), QuantizationReport.Correction?.none) }
                let target = try correcting.time { try factor.target(for: weight, shift, shares) }
                let quantization = try quantizer.quantize(target.weight)
                let losses = try correcting.time {
                    try factor.outputLosses(
                        of: quantization.quantized.dequantized(), target, replacing: weight, shift)
                }
                let residual = shift.residual.map { _ in (loss: shift.residualLoss, energy: shift.residualEnergy) }
                return (
                    quantization,
                    QuantizationReport.Correction(shares, losses, residual: residual, of: quantization)
                )
            }
            var seconds = QuantizationReport.LayerSeconds()
            if layer == first { (seconds.gram, seconds.factor) = (gramSeconds, watch.seconds) }
            seconds.reference = quantization.seconds.reference
            seconds.rtn = quantization.seconds.roundToNearest
            seconds.sweep = quantization.seconds.sweep
            seconds.correction = correcting.seconds
            try finish(
                Result(
                    layer: layer, quantization: quantization, damping: damping, correction: correction,
                    seconds: seconds))
        }
    }

    /// Runs `body`; what it throws gets the layer's name.
    func naming<Value>(_ layer: LinearLayer, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            throw PipelineError.layer(name: layer.moduleName, underlying: error)
        }
    }

    /// The layers as messages name them.
    /// - Precondition: there is one.
    static func subject(_ layers: [LinearLayer]) -> String {
        let others = layers.count - 1
        return layers[0].moduleName + (others > 0 ? " and \(others) more with its inputs" : "")
    }
}
