import AdaDimPipeline
import AdaDimQuantization
import ArgumentParser

/// Whether the sweep goes by the size of its inputs.
struct ActivationOrderArguments: ParsableArguments {
    @Flag(
        inversion: .prefixedNo,
        help: "Let gptq begin with the columns that see the largest inputs. Per-OC grids are then set beforehand.")
    var activationOrder: Bool?
}

/// What is done with one layer beyond a plain sweep to lose less: one knob, and a switch for each part of it.
struct AccuracyArguments: ParsableArguments {
    @Option(
        help:
            "How much gptq does to lose less. fast: the plain method. balanced: searched ranges, activation order and passes over the swept layer. best: more passes, and in a whole model layers that make up for what the layers before them have done. Each part has an option of its own, which overrides this one. rtn is the same with each."
    )
    var effort = Effort.balanced

    @Option(
        help:
            "How much of a group's range its grid covers: all of it (minmax), or what leaves the smallest error (search). (default: by --effort)"
    )
    var ranges: RangeRule?

    @OptionGroup var order: ActivationOrderArguments

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Passes over a layer that gptq has swept, none of which raises its loss; 0 for none. (default: by --effort)",
            valueName: "n"))
    var passes: Int?

    @Option(
        help: "What a pass changes: codes, scales, or both, block of columns after block. (default: both)")
    var refine: Refinement.Parts?

    func validate() throws {
        if let passes, !(0...Refinement.mostPasses).contains(passes) {
            throw ValidationError("--passes is \(passes), expected 0 to \(Refinement.mostPasses)")
        }
    }

    /// What the options come to for a method.
    func accuracy(_ method: QuantizationOptions.Method) throws -> Accuracy {
        // Effort is about the sweep and what follows it.
        var accuracy = (method == .gptq ? effort : .fast).accuracy
        accuracy.ranges = ranges ?? accuracy.ranges
        accuracy.activationOrder = order.activationOrder ?? accuracy.activationOrder
        accuracy.refinement = Refinement(parts: refine ?? .both, passes: passes ?? accuracy.refinement.passes)
        if method == .roundToNearest && accuracy.refinement.passes > 0 {
            throw ValidationError(
                "--passes is \(accuracy.refinement.passes), but there is no sweep to refine with --method rtn")
        }
        if let refine, accuracy.refinement.passes == 0 {
            throw ValidationError(
                "--refine \(refine.rawValue) needs passes, and there are none; expected --passes 1 or more")
        }
        return accuracy
    }
}

/// How much of earlier quantization's doing a model's layers make up for.
struct CorrectionArguments: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How much of what earlier quantization has done to a layer's inputs the layer makes up for: a share, 0 to 1. Takes a second stream through the original model. (default: by --effort; none with --propagate original)",
            valueName: "share"))
    var correctInputs: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How much of what earlier quantization has done to the residual stream the layers that write to it, o and down, make up for: a share, 0 to 1. (default: by --effort)",
            valueName: "share"))
    var correctResidual: Double?

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
        guard propagation == .original else { return }
        if correctInputs ?? 0 > 0 || correctResidual ?? 0 > 0 {
            throw ValidationError(
                "--correct-inputs and --correct-residual need --propagate quantized: inputs of the original model have not moved"
            )
        }
        accuracy.correction = .none
    }
}
