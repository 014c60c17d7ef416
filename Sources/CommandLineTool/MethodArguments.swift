import AdaDimPipeline
import AdaDimQuantization
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
            "What an adaptive layer compares: the errors of plain rounding in both directions (rtn), or those of the finished gptq sweeps (sweep; takes longer)."
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
        help: "Let gptq begin with the columns that see the largest inputs. Per-OC grids are then set beforehand.")
    var activationOrder = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Keeps gptq stable where the calibration text says little about some inputs: this share of the Gram matrix's mean diagonal is added to the diagonal. Raised tenfold, up to 1, while the matrix cannot be factored; 0 is never raised.",
            valueName: "share"))
    var damping = 0.01

    func validate() throws {
        guard UniformGrid.supportedBits.contains(bits) else {
            throw ValidationError("--bits is \(bits), expected 2, 3, 4 or 8")
        }
        guard (0...1).contains(damping) else {
            throw ValidationError("--damping is \(damping), expected a share of the mean diagonal, 0 to 1")
        }
    }

    /// Enters the options in a job.
    func set(_ job: inout QuantizationJob) {
        job.bits = bits
        job.groupSize = groupSize.weights
        job.isSymmetric = symmetric
        job.activationOrder = activationOrder
        job.damping = damping
    }

    /// The options as the engine takes them, the type of the scales left open.
    func options(_ variant: VariantArguments, _ choice: SelectionArguments) -> QuantizationOptions {
        QuantizationOptions(
            bits: bits, groupSize: groupSize.weights, isSymmetric: symmetric, method: variant.method,
            dimension: (variant.dimension ?? .adaptive).ofOneLayer, selection: choice.select, damping: damping,
            activationOrder: activationOrder)
    }
}

/// What is done beyond a plain sweep to lose less.
struct AccuracyArguments: ParsableArguments {
    @Option(
        help:
            "How much of a group's range its grid covers: all of it (minmax), or what leaves the smallest error (search)."
    )
    var ranges = RangeRule.full

    @Option(
        help:
            "What passes over a swept layer change: codes, scales, or both, block of columns after block."
    )
    var refine = Refinement.Parts.both

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Passes over a swept layer, none of which raises its loss. 0 for none.", valueName: "n"))
    var passes = 0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How much of what earlier quantization has done to a layer's inputs it makes up for: a share, 0 to 1.",
            valueName: "share"))
    var correctInputs = 0.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How much of what earlier quantization has done to the residual stream the layers that write to it, o and down, make up for: a share, 0 to 1.",
            valueName: "share"))
    var correctResidual = 0.0

    func validate() throws {
        guard passes >= 0 else { throw ValidationError("--passes is \(passes), expected 0 or more") }
    }

    /// Enters the options in a job.
    func set(_ job: inout QuantizationJob) {
        job.ranges = ranges
        job.refinement = Refinement(parts: refine, passes: passes)
        job.correction = OutputCorrection(inputs: correctInputs, residual: correctResidual)
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
