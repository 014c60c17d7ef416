import AdaDimPipeline
import AdaDimQuantization
import ArgumentParser
import Foundation

/// Options that every command that quantizes has.
struct QuantizationArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Calibration text (UTF-8), or token ids in a .safetensors file: one integer tensor, [tokens] or [sequences, length].",
            valueName: "file"), completion: .file())
    var calibration: String

    @Option(help: "Bits of a weight's code: 2, 3, 4 or 8.")
    var bits = 4

    @Option(
        help: ArgumentHelp(
            "Weights that share a scale and a zero point, or \"channel\" for all of a channel's.",
            valueName: "n|channel"))
    var groupSize = GroupSizeArgument(weights: 128)

    @Option(
        help:
            "What an adaptive layer compares: round-to-nearest in both directions (rtn), or both finished sweeps (sweep)."
    )
    var select = QuantizationOptions.Selection.roundToNearest

    @Option(help: "What a layer's calibration inputs come from: the layers quantized before it, or the original model.")
    var propagate = QuantizationJob.Propagation.quantized

    @Option(
        help: ArgumentHelp(
            "Layers to leave as they are: comma-separated globs against a module's full name or its last component.",
            valueName: "list"))
    var skip: [GlobList] = []

    @Option(help: "Calibration sequences. (default: 128, or all of ready-made ones)")
    var samples: Int?

    @Option(help: "Tokens of a calibration sequence. (default: 512, or that of ready-made ones)")
    var sequenceLength: Int?

    @Option(help: "Seed that draws the calibration sequences.")
    var seed: UInt64 = 0

    @Option(
        help:
            "What is added to the Gram matrix's diagonal, as a share of its mean. Raised tenfold, up to 1, while there is no Cholesky factor; 0 is never raised."
    )
    var damping = 0.01

    @Flag(help: "Symmetric grids, with the zero point in the middle.")
    var symmetric = false

    @Flag(help: "Sweep columns by descending activation; per-OC grids are then set beforehand.")
    var activationOrder = false

    func validate() throws {
        guard UniformGrid.supportedBits.contains(bits) else {
            throw ValidationError("--bits is \(bits), expected 2, 3, 4 or 8")
        }
        if let samples, samples < 1 { throw ValidationError("--samples is \(samples), expected at least 1") }
        if let sequenceLength, sequenceLength < 1 {
            throw ValidationError("--sequence-length is \(sequenceLength), expected at least 1")
        }
        guard damping.isFinite && damping >= 0 else {
            throw ValidationError("--damping is \(damping), expected a share of the mean diagonal, 0 or more")
        }
    }

    /// A job with these options.
    func job(model: String, output: URL) -> QuantizationJob {
        var job = QuantizationJob(
            model: URL(filePath: model), output: output, calibration: URL(filePath: calibration))
        job.bits = bits
        job.groupSize = groupSize.weights
        job.selection = select
        job.propagation = propagate
        job.skip = skip.flatMap(\.globs)
        job.samples = samples
        job.sequenceLength = sequenceLength
        job.seed = seed
        job.damping = damping
        job.isSymmetric = symmetric
        job.activationOrder = activationOrder
        return job
    }
}
