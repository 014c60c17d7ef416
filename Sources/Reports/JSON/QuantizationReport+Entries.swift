import AdaDimCorrection
import AdaDimExport
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimQuantizedMatrices

extension QuantizationReport.Layer {
    /// A quantized layer's entry.
    /// - Parameters:
    ///   - correction: nil without asymmetric calibration.
    ///   - packedBitsPerWeight: of the compressed-tensors format, whichever was written.
    package init(
        _ quantization: LayerQuantization, _ damping: AppliedDamping, _ correction: QuantizationReport.Correction?,
        _ stored: StoredLayer, packedBitsPerWeight: Double, seconds: QuantizationReport.LayerSeconds
    ) {
        let layout = quantization.quantized.layout
        name = stored.layer.moduleName
        shape = [layout.rows, layout.columns]
        method = quantization.method
        bits = quantization.quantized.bits
        dimension = layout.dimension
        groupSize = layout.groupSize
        loss = quantization.reported(quantization.loss)
        outputEnergy = quantization.outputEnergy
        losses = quantization.reportedLosses
        self.damping = damping.damping
        dampingShare = damping.share
        dampingRaises = damping.failedAttempts
        inactiveInputs = damping.inactiveInputs.count
        bitsPerWeight = stored.bitsPerWeight
        self.packedBitsPerWeight = packedBitsPerWeight
        self.seconds = seconds
        tailGroup = layout.tailGroup
        denseBecause = stored.denseBecause
        self.correction = correction
        table = stored.layer.place == .block ? nil : stored.layer.place
    }
}

extension QuantizationReport.Correction {
    /// What a layer compensates for, and the result.
    /// - Parameter residual: ‖R − R_q‖² and ‖R‖² of the stream that the outputs are added to; nil where there is none.
    package init(
        _ shares: OutputCorrection, _ losses: OutputLosses, residual: (loss: Double, energy: Double)?,
        of quantization: LayerQuantization
    ) {
        inputs = shares.inputs
        outputs = .init(
            weight: quantization.reported(losses.original), target: quantization.reported(losses.target),
            quantized: quantization.reported(losses.quantized))
        self.residual = residual.map { _ in shares.residual }
        residualLoss = residual.map { .init(absolute: $0.loss, of: $0.energy) }
    }
}

extension QuantizationReport.LayerSeconds {
    /// What the engine took.
    package init(_ engine: LayerQuantization.Seconds) {
        self.init()
        (reference, rtn, sweep) = (engine.reference, engine.roundToNearest, engine.sweep)
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
