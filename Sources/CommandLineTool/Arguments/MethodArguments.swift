import AdaDimQuantization
import AdaDimRecipe
import ArgumentParser

/// What makes one variant of a quantization.
struct VariantArguments: ParsableArguments {
    @Option(
        help:
            "How codes are found. gptq goes through a layer's columns, and later ones compensate for the errors of earlier ones; rtn rounds each weight to the nearest code. (default: gptq)"
    )
    var method: QuantizationOptions.Method?

    @Option(
        help:
            "Which way groups run: inside an output channel (per-oc), inside an input channel (per-ic), or in each layer whichever of the two loses less (adaptive). (default: adaptive)"
    )
    var dimension: QuantizationOptions.Direction?

    /// Overrides a recipe's settings by the options that were given.
    func set(_ options: inout QuantizationOptions) {
        options.method = method ?? options.method
        if let dimension { options.direction.fixedDimension = dimension.fixedDimension }
    }
}

/// How an adaptive layer chooses.
struct SelectionArguments: ParsableArguments {
    @Option(
        help:
            "What an adaptive layer compares: the losses of rounding to nearest in both directions, on the requested grids (rtn), or those of gptq's finished sweeps and passes (sweep; takes longer). (default: rtn)"
    )
    var select: QuantizationOptions.Selection?

    /// Overrides a recipe's settings by the options that were given.
    func set(_ options: inout QuantizationOptions) {
        if let select { options.direction.selection = select }
    }
}

/// What every command that quantizes has of the method.
struct MethodArguments: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Bits of a weight's code: \(QuantizationOptions.Grid.bitsText). (default: \(QuantizationOptions().grid.bits))",
            valueName: "n"))
    var bits: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Weights that share a scale and a zero point: a number, or \"channel\" for all weights of a channel. (default: 128)",
            valueName: "n|channel"),
        transform: GroupSizeArgument.init)
    var groupSize: GroupSizeArgument?

    @Flag(
        inversion: .prefixedNo, help: "Whether grids are symmetric, with the zero point in the middle. (default: no)")
    var symmetric: Bool?

    @Flag(
        inversion: .prefixedNo,
        help:
            "Whether to fail at a layer none of whose inputs is ever active in calibration, in place of rounding its weights to nearest. (default: no)"
    )
    var refuseInactive: Bool?

    func validate() throws { try refuseOutOfRange { set(&$0.options) } }

    /// Overrides a recipe's settings by the options that were given.
    func set(_ options: inout QuantizationOptions) {
        options.grid.bits = bits ?? options.grid.bits
        if let groupSize { options.grid.groupSize = groupSize.weights }
        options.grid.isSymmetric = symmetric ?? options.grid.isSymmetric
        options.factor.refusesInactiveLayers = refuseInactive ?? options.factor.refusesInactiveLayers
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

    /// Adds a rule for each glob.
    func set(_ recipe: inout ModelRecipe) {
        recipe.rules += skip.flatMap(\.globs).map { .skipping($0, source: "--skip") }
    }
}

/// The paper's selective study.
struct SelectiveArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Layers to quantize per-IC, all others per-OC: globs as for --skip. Excludes --dimension.",
            valueName: "globs"),
        transform: GlobList.init)
    var perIc: [GlobList] = []

    /// Makes all layers per-OC, but for those that a glob matches.
    func set(_ recipe: inout ModelRecipe) {
        if perIc.isEmpty { return }
        recipe.options.direction.fixedDimension = .perOutputChannel
        recipe.rules += perIc.flatMap(\.globs).map { .perInputChannel($0, source: "--per-ic") }
    }
}
