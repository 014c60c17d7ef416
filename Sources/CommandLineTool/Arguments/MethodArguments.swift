import AdaDimPipeline
import AdaDimQuantization
import AdaDimRecipe
import ArgumentParser

/// What makes one variant of a quantization.
struct VariantArguments: ParsableArguments {
    @Option(
        help:
            "How codes are found. gptq goes through a layer's columns and lets later ones make up for the errors of earlier ones; rtn rounds each weight to the nearest code."
    )
    var method = QuantizationOptions.Method.gptq

    @Option(
        help:
            "Which way groups run: inside an output channel (per-oc), inside an input channel (per-ic), or in each layer whichever of the two loses less (adaptive, the default)."
    )
    var dimension: DimensionArgument?
}

/// How an adaptive layer chooses.
struct SelectionArguments: ParsableArguments {
    @Option(
        help:
            "What an adaptive layer compares: the losses of plain rounding in both directions, on the grids asked for (rtn), or those of gptq's finished sweeps and passes (sweep; takes longer)."
    )
    var select = QuantizationOptions.Selection.roundToNearest

    /// Enters the options in a job.
    func set(_ job: inout QuantizationJob) { job.selection = select }
}

/// What every command that quantizes may be told of the method.
struct MethodArguments: ParsableArguments {
    @Option(
        parsing: .unconditional, help: ArgumentHelp("Bits of a weight's code: 2, 3, 4 or 8.", valueName: "n"))
    var bits = 4

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Weights that share a scale and a zero point: a number, or \"channel\" for all weights of a channel. (default: 128)",
            valueName: "n|channel"),
        transform: GroupSizeArgument.init)
    var groupSize = GroupSizeArgument(weights: 128)

    @Flag(help: "Use symmetric grids, with the zero point in the middle.")
    var symmetric = false

    @Flag(
        help:
            "Fail at a layer none of whose inputs is ever active in calibration, in place of rounding its weights plainly."
    )
    var refuseInactive = false

    func validate() throws {
        guard UniformGrid.supportedBits.contains(bits) else {
            throw ValidationError("--bits is \(bits), expected 2, 3, 4 or 8")
        }
    }

    /// Enters the options in a job.
    func set(_ job: inout QuantizationJob) {
        job.bits = bits
        job.groupSize = groupSize.weights
        job.isSymmetric = symmetric
        job.refusesInactiveLayers = refuseInactive
    }

    /// The options as the engine takes them, the type of the scales left open.
    func options(
        _ variant: VariantArguments, _ choice: SelectionArguments, _ accuracy: Accuracy
    ) -> QuantizationOptions {
        QuantizationOptions(
            bits: bits, groupSize: groupSize.weights, isSymmetric: symmetric, ranges: accuracy.ranges,
            method: variant.method, refinement: accuracy.refinement,
            dimension: (variant.dimension ?? .adaptive).ofOneLayer, selection: choice.select, damping: accuracy.damping,
            activationOrder: accuracy.activationOrder, refusesInactiveLayers: refuseInactive)
    }
}

/// Which layers of a model are left out.
struct SkipArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Layers to leave as they are: globs, comma-separated, against a layer's full name or its last part. May be given more than once.",
            valueName: "globs"),
        transform: GlobList.init)
    var skip: [GlobList] = []

    /// Enters the globs in a job.
    func set(_ job: inout QuantizationJob) { job.skip = skip.flatMap(\.globs) }
}

/// The paper's selective study.
struct SelectiveArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Layers to quantize per-IC, all others per-OC: globs as for --skip. Excludes --dimension.",
            valueName: "globs"),
        transform: GlobList.init)
    var perIc: [GlobList] = []
}
