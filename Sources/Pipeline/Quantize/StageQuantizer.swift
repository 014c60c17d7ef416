import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimLinearAlgebra
import AdaDimQuantization
import AdaDimReports
import Logging

/// Quantizes the layers of one stage of a block, which share their input: one Gram matrix, and one factor unless rules differ.
struct StageQuantizer {
    let plan: LayerPlan
    let log: Logger

    /// A quantized layer, what it was quantized with, and the time it took.
    struct Result {
        let layer: LinearLayer
        let targeted: TargetedQuantization
        let damping: AppliedDamping
        let seconds: QuantizationReport.LayerSeconds

        var quantization: LayerQuantization { targeted.quantization }
    }

    /// Quantizes the layers of a stage one after another and passes each to `finish`. The last factor reuses the Gram
    /// matrix's memory.
    func quantize(
        _ inputs: inout StageInputs, of block: DecoderBlock, to targets: any LayerTargets,
        finish: (Result) throws -> Void
    ) throws {
        let groups = factorGroups(inputs.layers)
        var gramSeconds = inputs.seconds
        for (index, (factorOptions, layers)) in groups.enumerated() {
            var factoring = Stopwatch()
            let factor = try layers[0].naming {
                try factoring.time {
                    if index == groups.count - 1 { return try GramFactor(taking: &inputs.gram, options: factorOptions) }
                    var copy = inputs.gram
                    return try GramFactor(taking: &copy, options: factorOptions)
                }
            }
            let damping = AppliedDamping(factor)
            damping.log(to: log, subject: layers.subject)
            for layer in layers {
                guard let options = plan[layer] else { continue }
                let weight = block.weight(layer.name)
                let targeted = try layer.naming {
                    try targets.quantize(weight, with: LayerQuantizer(factor: factor, options: options))
                }
                var seconds = QuantizationReport.LayerSeconds(targeted.quantization.seconds)
                seconds.correction = targeted.seconds
                // What layers share is listed at the first of them.
                (seconds.gram, seconds.factor) = (gramSeconds, layer == layers[0] ? factoring.seconds : 0)
                gramSeconds = 0
                try finish(Result(layer: layer, targeted: targeted, damping: damping, seconds: seconds))
            }
        }
    }

    /// The layers of a stage by what their factors are made with; one group, unless rules differ.
    private func factorGroups(
        _ layers: [LinearLayer]
    ) -> [(options: QuantizationOptions.Factor, layers: [LinearLayer])] {
        var groups: [(options: QuantizationOptions.Factor, layers: [LinearLayer])] = []
        for layer in layers {
            guard let options = plan[layer]?.factor else { continue }
            if let place = groups.firstIndex(where: { $0.options == options }) {
                groups[place].layers.append(layer)
            } else {
                groups.append((options, [layer]))
            }
        }
        return groups
    }
}
