import AdaDimFormats
import AdaDimRecipe
import ArgumentParser

/// What the output is for.
struct RuntimeArguments: ParsableArguments {
    @Option(
        name: .customLong("for"),
        help: ArgumentHelp(
            "The program that is to serve the output. What it demands and no option or recipe states is set, and said; what is stated against it is refused before the run. vllm, on CPUs: 4 bits or untouched, per-oc, q, k and v alike, gate and up alike, sizes in multiples of 32, --format compressed-tensors. (default: none)",
            valueName: "runtime"))
    var runtime: Runtime?
}

/// What is written.
struct OutputArguments: ParsableArguments {
    @Option(help: ArgumentHelp("\(ExportFormat.help) (default: dequantized)"))
    var format: ExportFormat?

    @Option(
        help: ArgumentHelp(
            "K-quants of llama.cpp, by its names for them and for its mixtures, with --format gguf: \(GGUFTypeMix.allCases.map(\.rawValue).joined(separator: ", ")). Codes are swept on such grids; rows that 256 does not divide get Q4_1, or Q8_0 in place of Q5_K and Q6_K. (default: none; Q4_0, Q4_1 or Q8_0 by --bits and --symmetric)",
            valueName: "type"))
    var ggufType: GGUFTypeMix?

    @Flag(help: "Replace <output> if it exists and this tool wrote it.")
    var overwrite = false

    /// Overrides a recipe's settings by the options that were given.
    func set(_ recipe: inout ModelRecipe) throws {
        recipe.format = format ?? recipe.format
        recipe.ggufType = ggufType ?? recipe.ggufType
        if let ggufType = recipe.ggufType, recipe.format != .gguf {
            throw ValidationError(
                "--gguf-type \(ggufType.rawValue) needs --format \(ExportFormat.gguf.name), but the format is \(recipe.format.name)"
            )
        }
    }
}
