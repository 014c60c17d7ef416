import AdaDimQuantization
import AdaDimRecipe
import ArgumentParser

/// What the factor is made with.
struct FactorArguments: ParsableArguments {
    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Act-order: whether gptq begins with the columns that see the largest inputs; per-OC grids are then set before the sweep. (default: yes; no in the plain method: --effort fast, inspect)"
        ))
    var activationOrder: Bool?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "This share of the Gram matrix's mean diagonal is added to its diagonal. Keeps gptq stable where the calibration text says little about some inputs, and from fitting what is chance in it. Raised tenfold, up to 1, while the matrix cannot be factored; 0 is never raised. (default: \(QuantizationOptions.balanced.factor.damping); \(QuantizationOptions.fast.factor.damping) in the plain method: --effort fast, inspect)",
            valueName: "share"))
    var damping: Double?

    func validate() throws { try refuseOutOfRange { set(&$0.options) } }

    /// Overrides a recipe's settings by the options that were given.
    func set(_ options: inout QuantizationOptions) {
        options.factor.activationOrder = activationOrder ?? options.factor.activationOrder
        options.factor.damping = damping ?? options.factor.damping
    }
}

/// How much is done to lose less: one knob.
struct EffortArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How much gptq does to lose less. fast: the plain method. balanced: adds --ranges search, --activation-order, --passes \(QuantizationOptions.balanced.refinement.passes), --damping \(QuantizationOptions.balanced.factor.damping) and, in a whole model, --token-weights attention. best: adds, in a whole model, --correct-inputs \(ModelRecipe.best.correction.inputs) and --correct-residual \(ModelRecipe.best.correction.residual), unless --propagate is original. An option given with it overrides its part. Documentation/Performance.md has what each takes. (default: balanced; rtn has no sweep, and no effort)"
        ))
    var effort: Effort?
}

/// What is done to a layer beyond a plain sweep: a switch for each part of an effort.
struct RefinementArguments: ParsableArguments {
    @Option(
        help:
            "How much of a group's range its grid covers: all of it (minmax), or the part with the smallest error (search: MSE clipping). (default: by --effort)"
    )
    var ranges: RangeRule?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How often gptq goes over a swept layer again to improve its codes and scales by coordinate descent, 0 to \(Refinement.mostPasses); it stops when a pass changes nothing. (default: by --effort)",
            valueName: "n"))
    var passes: Int?

    @Option(
        help: "What a pass changes: codes, scales, or both, one block of columns after the other. (default: both)")
    var refine: Refinement.Parts?

    func validate() throws {
        try refuseOutOfRange { $0.options.refinement.passes = passes ?? $0.options.refinement.passes }
    }

    /// Overrides a recipe's settings by the options that were given.
    func set(_ options: inout QuantizationOptions) throws {
        options.grid.ranges = ranges ?? options.grid.ranges
        options.refinement.parts = refine ?? options.refinement.parts
        options.refinement.passes = passes ?? options.refinement.passes
        if let refine, options.refinement.passes == 0 {
            let why = passes == nil ? "there are none, as with --effort \(Effort.fast.rawValue)" : "--passes is 0"
            throw ValidationError("--refine \(refine.rawValue) needs passes, but \(why); expected --passes 1 or more")
        }
    }
}

/// What needs a sweep, which round-to-nearest has not.
func refuseWithoutSweep(
    _ method: QuantizationOptions.Method, _ effort: EffortArguments, _ factor: FactorArguments,
    _ refinement: RefinementArguments
) throws {
    guard method == .roundToNearest else { return }
    let given = [
        effort.effort.flatMap { $0 == .fast ? nil : "--effort is \($0.rawValue)" },
        factor.activationOrder == true ? "--activation-order is given" : nil,
        refinement.passes.flatMap { $0 == 0 ? nil : "--passes is \($0)" },
        refinement.refine.map { "--refine is \($0.rawValue)" },
    ].compactMap { $0 }
    if let first = given.first {
        throw ValidationError("\(first), but --method rtn has no sweep; expected --method gptq")
    }
}

/// What a model's layers are quantized towards: how much of earlier quantization's changes they compensate for, and which
/// tokens count.
struct CorrectionArguments: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How much of what earlier quantization changed in a layer's inputs the layer compensates for (asymmetric calibration): a share, 0 to 1. Takes a second stream through the original model. (default: by --effort; 0 with --propagate original)",
            valueName: "share"))
    var correctInputs: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How much of what earlier quantization changed in the residual stream the layers that write to it, o and down, compensate for: a share, 0 to 1. Takes the second stream, too. (default: by --effort; 0 with --propagate original)",
            valueName: "share"))
    var correctResidual: Double?

    @Option(
        help:
            "How much each token counts for q, k and v: all the same (equal), or by the attention that it receives (attention), for a value's error reaches every token that looks at it. (default: by --effort)"
    )
    var tokenWeights: TokenWeights?

    func validate() throws { try refuseOutOfRange(set) }

    /// Overrides a recipe's settings by the options that were given.
    func set(_ recipe: inout ModelRecipe) throws {
        recipe.correction.inputs = correctInputs ?? recipe.correction.inputs
        recipe.correction.residual = correctResidual ?? recipe.correction.residual
        recipe.tokenWeights = tokenWeights ?? recipe.tokenWeights
        guard recipe.propagation == .original else { return }
        if correctInputs ?? 0 > 0 || correctResidual ?? 0 > 0 {
            throw ValidationError(
                "--correct-inputs and --correct-residual need --propagate quantized: inputs of the original model have not moved"
            )
        }
    }
}
