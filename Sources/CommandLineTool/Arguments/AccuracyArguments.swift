import AdaDimPipeline
import AdaDimQuantization
import AdaDimRecipe
import ArgumentParser

/// What the factor is made with where there is no effort to choose.
struct FactorArguments: ParsableArguments {
    @Flag(inversion: .prefixedNo, help: ArgumentHelp("\(activationOrderHelp)"))
    var activationOrder = false

    @Option(parsing: .unconditional, help: ArgumentHelp("\(dampingHelp)", valueName: "share"))
    var damping = Effort.fast.accuracy.damping

    func validate() throws { try check(damping: damping) }

    /// Enters the options in what a job does.
    func set(_ accuracy: inout Accuracy) {
        accuracy.activationOrder = activationOrder
        accuracy.damping = damping
    }
}

/// What the factors of all variants are made with, whatever their effort.
struct FactorOfVariantsArguments: ParsableArguments {
    @Flag(
        inversion: .prefixedNo, help: ArgumentHelp("\(activationOrderHelp) (default: by the variant's effort)"))
    var activationOrder: Bool?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("\(dampingHelp) (default: by the variant's effort)", valueName: "share"))
    var damping: Double?

    func validate() throws { try check(damping: damping) }

    /// Enters the options in what a job does.
    func set(_ accuracy: inout Accuracy) {
        accuracy.activationOrder = activationOrder ?? accuracy.activationOrder
        accuracy.damping = damping ?? accuracy.damping
    }
}

private let activationOrderHelp =
    "Whether gptq begins with the columns that see the largest inputs; per-OC grids are then set beforehand."
private let dampingHelp =
    "Keeps gptq stable where the calibration text says little about some inputs, and from making too much of what it happens to say: this share of the Gram matrix's mean diagonal is added to the diagonal. Raised tenfold, up to 1, while the matrix cannot be factored; 0 is never raised."

private func check(damping: Double?) throws {
    if let damping, !(0...1).contains(damping) {
        throw ValidationError("--damping is \(damping), expected a share of the mean diagonal, 0 to 1")
    }
}

/// What is done with one layer beyond a plain sweep to lose less: one knob, and a switch for each part of it.
struct AccuracyArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How hard gptq works to preserve accuracy. fast: the plain method. balanced (about 1.5 times the time): adds --ranges search, --activation-order, --passes \(Effort.balanced.accuracy.refinement.passes), --damping \(Effort.balanced.accuracy.damping) and, in a whole model, --token-weights attention. best (about 3.7 times the time): adds, in a whole model, --correct-inputs \(Effort.best.accuracy.correction.inputs) and --correct-residual \(Effort.best.accuracy.correction.residual), unless --propagate is original. An option given as well overrides its part. (default: balanced; rtn has no sweep, and no effort)"
        ))
    var effort: Effort?

    @Option(
        help:
            "How much of a group's range its grid covers: all of it (minmax), or what leaves the smallest error (search). (default: by --effort)"
    )
    var ranges: RangeRule?

    @Flag(inversion: .prefixedNo, help: ArgumentHelp("\(activationOrderHelp) (default: by --effort)"))
    var activationOrder: Bool?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("\(dampingHelp) (default: by --effort)", valueName: "share"))
    var damping: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How often gptq goes over a swept layer again to improve its codes and scales, 0 to \(Refinement.mostPasses); it stops when a pass changes nothing. (default: by --effort)",
            valueName: "n"))
    var passes: Int?

    @Option(
        help: "What a pass changes: codes, scales, or both, block of columns after block. (default: both)")
    var refine: Refinement.Parts?

    func validate() throws {
        try check(damping: damping)
        if let passes, !(0...Refinement.mostPasses).contains(passes) {
            throw ValidationError("--passes is \(passes), expected 0 to \(Refinement.mostPasses)")
        }
    }

    /// What the options come to for a method.
    func accuracy(_ method: QuantizationOptions.Method) throws -> Accuracy {
        var accuracy = (method == .gptq ? effort ?? .balanced : .fast).accuracy
        if method == .roundToNearest {
            try refuseWhatNeedsASweep()
            accuracy.effort = nil
        }
        accuracy.ranges = ranges ?? accuracy.ranges
        accuracy.activationOrder = activationOrder ?? accuracy.activationOrder
        accuracy.damping = damping ?? accuracy.damping
        accuracy.refinement = Refinement(parts: refine ?? .both, passes: passes ?? accuracy.refinement.passes)
        if let refine, accuracy.refinement.passes == 0 {
            let why = passes == nil ? "--effort \(Effort.fast.rawValue) has none" : "--passes is 0"
            throw ValidationError("--refine \(refine.rawValue) needs passes, but \(why); expected --passes 1 or more")
        }
        return accuracy
    }

    private func refuseWhatNeedsASweep() throws {
        let given = [
            effort.flatMap { $0 == .fast ? nil : "--effort is \($0.rawValue)" },
            activationOrder == true ? "--activation-order is given" : nil,
            passes.flatMap { $0 == 0 ? nil : "--passes is \($0)" }, refine.map { "--refine is \($0.rawValue)" },
        ].compactMap { $0 }
        if let first = given.first {
            throw ValidationError("\(first), but --method rtn has no sweep; expected --method gptq")
        }
    }
}

/// What a model's layers are quantized towards: how much of earlier quantization's doing they make up for, and which tokens
/// count.
struct CorrectionArguments: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How much of what earlier quantization has done to a layer's inputs the layer makes up for: a share, 0 to 1. Takes a second stream through the original model. (default: by --effort; 0 with --propagate original)",
            valueName: "share"))
    var correctInputs: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How much of what earlier quantization has done to the residual stream the layers that write to it, o and down, make up for: a share, 0 to 1. Takes the second stream, too. (default: by --effort; 0 with --propagate original)",
            valueName: "share"))
    var correctResidual: Double?

    @Option(
        help:
            "How much each token counts for q, k and v: all the same (equal), or by the attention that it receives (attention), for a value's error reaches every token that looks at it. (default: by --effort)"
    )
    var tokenWeights: TokenWeights?

    func validate() throws {
        for (option, share) in [("--correct-inputs", correctInputs), ("--correct-residual", correctResidual)] {
            if let share, !(0...1).contains(share) {
                throw ValidationError("\(option) is \(share), expected a share, 0 to 1")
            }
        }
    }

    /// Enters the shares, which only make sense where layers see what is quantized before them.
    func set(_ accuracy: inout Accuracy, _ propagation: QuantizationJob.Propagation) throws {
        accuracy.correction.inputs = correctInputs ?? accuracy.correction.inputs
        accuracy.correction.residual = correctResidual ?? accuracy.correction.residual
        accuracy.tokenWeights = tokenWeights ?? accuracy.tokenWeights
        guard propagation == .original else { return }
        if correctInputs ?? 0 > 0 || correctResidual ?? 0 > 0 {
            throw ValidationError(
                "--correct-inputs and --correct-residual need --propagate quantized: inputs of the original model have not moved"
            )
        }
    }
}
