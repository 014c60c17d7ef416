import AdaDimCalibration
import AdaDimExport
import AdaDimLinearAlgebra
import AdaDimQuantization
import Foundation

extension QuantizationReport.Layer {
    /// What a quantized layer's entry says.
    init(
        _ result: StageQuantizer.Result, _ stored: StoredLayer, packedBitsPerWeight: Double, writeSeconds: Double
    ) {
        let quantization = result.quantization
        let layout = quantization.quantized.layout
        name = result.layer.moduleName
        shape = [layout.rows, layout.columns]
        dimension = layout.dimension
        groupSize = layout.groupSize
        loss = quantization.reported(quantization.loss)
        outputEnergy = quantization.outputEnergy
        losses = quantization.reportedLosses
        damping = result.damping.damping
        dampingShare = result.damping.share
        dampingRaises = result.damping.failedAttempts
        inactiveInputs = result.damping.inactiveInputs.count
        bitsPerWeight = stored.bitsPerWeight
        self.packedBitsPerWeight = packedBitsPerWeight
        seconds = result.seconds
        seconds.write = writeSeconds
        tailGroup = layout.tailGroup
        denseBecause = stored.denseBecause
        correction = result.correction.map { .init($0, quantization) }
    }
}

extension QuantizationReport.Correction {
    fileprivate init(_ correction: StageQuantizer.Correction, _ quantization: LayerQuantization) {
        inputs = correction.shares.inputs
        outputs = .init(
            weight: quantization.reported(correction.outputLosses.original),
            target: quantization.reported(correction.outputLosses.target),
            quantized: quantization.reported(correction.outputLosses.quantized))
        residual = correction.residual.map { _ in correction.shares.residual }
        residualLoss = correction.residual.map { .init(absolute: $0.loss, of: $0.energy) }
    }
}

extension LayerQuantization {
    /// A loss as reports give it.
    func reported(_ loss: Double) -> QuantizationReport.Loss { .init(absolute: loss, of: outputEnergy) }

    /// The losses of every direction tried, by its name.
    var reportedLosses: [String: QuantizationReport.DirectionLosses] {
        Dictionary(
            uniqueKeysWithValues: losses.map { dimension, found in
                (
                    dimension.rawValue,
                    .init(
                        rtn: found.roundToNearest.map(reported), gptq: found.gptq.map(reported),
                        refined: found.refined.map(reported), passes: found.passes)
                )
            })
    }
}

extension GroupLayout {
    /// Weights of the last group of a channel where it is shorter than the others.
    var tailGroup: Int? { hasTail ? channelLength % groupSize : nil }
}

extension QuantizationReport.Versions {
    /// Of this program and of the BLAS that it runs on.
    package static var current: Self {
        .init(adadim: toolVersion, blas: BLASLibrary.configuration, kernels: BLASLibrary.coreName)
    }
}

extension QuantizationJob {
    /// The options as the report gives them, with what was drawn in place of what was left open.
    func described(_ samples: CalibrationSamples) -> QuantizationReport.Options {
        let (name, globs): (String, [String]?) =
            switch dimension {
            case .adaptive: ("adaptive", nil)
            case .fixed(let fixed): (fixed.rawValue, nil)
            case .perInputChannel(let globs): ("selective", globs)
            }
        return .init(
            bits: bits, groupSize: groupSize, method: method, effort: accuracy.effort, ranges: accuracy.ranges,
            refine: accuracy.refinement.parts, passes: accuracy.refinement.passes,
            correctInputs: correction.inputs, correctResidual: correction.residual,
            tokenWeights: accuracy.tokenWeights, dimension: name,
            perInputChannel: globs, skip: skip,
            select: selection, propagate: propagation, format: format.rawValue, samples: samples.sequences.count,
            sequenceLength: samples.sequences.first?.count ?? 0, seed: seed, damping: accuracy.damping,
            symmetric: isSymmetric,
            activationOrder: accuracy.activationOrder, threads: BLASLibrary.threadCount,
            model: model.standardizedFileURL.lastPathComponent, calibration: calibration.relativePath,
            textField: textField)
    }
}
