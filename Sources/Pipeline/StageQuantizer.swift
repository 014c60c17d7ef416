import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimLinearAlgebra
import AdaDimQuantization
import Foundation
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
        let damping: Double
        let dampingShare: Double
        let failedAttempts: [DampingAttempt]
        let inactiveInputs: Int
        var seconds: QuantizationReport.LayerSeconds
    }

    /// The layers of a stage that are to be quantized.
    func layers(of stage: BlockStage, in block: Int) -> [LinearLayer] {
        stage.roles.map { LinearLayer(block: block, role: $0) }.filter { plan[$0] != nil }
    }

    /// Sums up the inputs of a stage; nil if none of its layers is to be quantized.
    /// - Parameter between: called after every batch.
    func gram(
        of stage: BlockStage, in block: DecoderBlock, _ stream: inout CalibrationStream, between: () throws -> Void
    ) throws -> TimedGram? {
        guard let layer = layers(of: stage, in: block.index).first else { return nil }
        var watch = Stopwatch()
        do {
            let gram = try watch.time {
                try stream.gram(in: block, order: block.weight(layer.role).columns, between: between)
            }
            return TimedGram(gram: gram, seconds: watch.seconds)
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

    /// Quantizes the layers of a stage one after another and hands each to `finish`. The Gram matrix's memory becomes
    /// the factor's.
    func quantize(
        _ stage: BlockStage, of block: DecoderBlock, _ timed: inout TimedGram,
        scaleType: (LinearLayer) throws -> ScaleType,
        finish: (Result) throws -> Void
    ) throws {
        let layers = layers(of: stage, in: block.index)
        var watch = Stopwatch()
        let factor = try naming(layers[0]) {
            try watch.time {
                try GramFactor(taking: &timed.gram, dampingShare: job.damping, activationOrder: job.activationOrder)
            }
        }
        report(factor, layers)
        for layer in layers {
            var options = job.engineOptions
            options.dimension = plan[layer] ?? options.dimension
            options.scaleType = try scaleType(layer)
            let quantization = try naming(layer) {
                try LayerQuantizer(factor: factor, options: options).quantize(block.weight(layer.role))
            }
            let isFirst = layer == layers[0]
            try finish(
                Result(
                    layer: layer, quantization: quantization, damping: factor.damping,
                    dampingShare: factor.dampingShare, failedAttempts: factor.failedAttempts,
                    inactiveInputs: factor.inactiveInputCount,
                    seconds: .init(
                        gram: isFirst ? timed.seconds : 0, factor: isFirst ? watch.seconds : 0,
                        reference: quantization.seconds.reference, rtn: quantization.seconds.roundToNearest,
                        sweep: quantization.seconds.sweep)))
        }
    }

    private func naming<Value>(_ layer: LinearLayer, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            throw PipelineError.layer(name: layer.moduleName, underlying: error)
        }
    }

    /// Says what a user should know of a factor even when all went well.
    /// - Precondition: there is a layer.
    private func report(_ factor: GramFactor<Float>, _ layers: [LinearLayer]) {
        let others = layers.count - 1
        let subject = layers[0].moduleName + (others > 0 ? " and \(others) more with its inputs" : "")
        // The report has every attempt.
        if let first = factor.failedAttempts.first {
            let steps = factor.failedAttempts.count
            log.warning(
                """
                \(subject): damping raised from \(short(first.share)) to \(short(factor.dampingShare)) of the mean \
                diagonal in \(steps) \(steps == 1 ? "step" : "steps"): not positive definite before
                """
            )
        }
        let inactive = factor.inactiveInputCount
        if inactive > 0 {
            log.notice("\(subject): \(inactive) inputs were never active and are rounded plainly")
        }
    }
}

/// A number without the last digits that repeated multiplication leaves.
private func short(_ number: Double) -> String { String(format: "%g", number) }
