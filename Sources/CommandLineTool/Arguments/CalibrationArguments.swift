import AdaDimPipeline
import AdaDimRecipe
import ArgumentParser
import Foundation

/// What a model is calibrated on.
struct CalibrationArguments: ParsableArguments {
    @Option(
        name: .customLong("calibration"),
        help: ArgumentHelp(
            "Calibration text (UTF-8); or its token ids, one integer tensor [tokens] or [sequences, length] in a .safetensors file.",
            valueName: "file"), completion: .file())
    var file: String

    @OptionGroup var field: TextFieldArguments

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Sequences to draw from the text. (default: 128; of ready-made sequences, all)", valueName: "n"))
    var samples: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Tokens of a sequence. (default: 512; of ready-made sequences, their length)", valueName: "n"))
    var sequenceLength: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Seed of the draw: the same one draws the same sequences. (default: 0)", valueName: "n"),
        transform: { argument in
            guard let seed = UInt64(argument) else {
                throw ValidationError("expected a whole number from 0 to \(UInt64.max)")
            }
            return seed
        })
    var seed: UInt64?

    func validate() throws {
        try refuseEmpty(file, "--calibration", expected: "a file")
        try refuseOutOfRange(set)
    }

    /// Overrides a recipe's settings by the options that were given.
    func set(_ recipe: inout ModelRecipe) {
        recipe.sampling.textField = field.textField ?? recipe.sampling.textField
        recipe.sampling.samples = samples ?? recipe.sampling.samples
        recipe.sampling.sequenceLength = sequenceLength ?? recipe.sampling.sequenceLength
        recipe.sampling.seed = seed ?? recipe.sampling.seed
    }

    /// A run of a recipe on the file.
    /// - Parameter output: nil for layers that are looked at only.
    func job(_ recipe: ModelRecipe, model: String, output: URL? = nil) -> QuantizationJob {
        QuantizationJob(
            model: URL(argument: model), output: output, calibration: URL(argument: file), recipe: recipe)
    }
}
