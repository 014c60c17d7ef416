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
            "K-quants of llama.cpp, by its names for them and for its mixtures, with --format gguf. Codes are swept on such grids; rows that 256 does not divide get Q4_1, or Q8_0 in place of Q5_K and Q6_K. none overrides a recipe's. (default: none; Q4_0, Q4_1 or Q8_0 by --bits and --symmetric)",
            valueName: "type"))
    var ggufType: GGUFTypeChoice?

    @Flag(help: "Replace <output> if it exists and this tool wrote it.")
    var overwrite = false

    /// Overrides a recipe's settings by the options that were given.
    func set(_ recipe: inout ModelRecipe) throws {
        recipe.format = format ?? recipe.format
        if let ggufType { recipe.ggufType = ggufType.mix }
        if let type = recipe.ggufType, recipe.format != .gguf {
            throw ValidationError(
                "\(place(of: type)) needs --format \(ExportFormat.gguf.name), but the format is \(recipe.format.name)"
                    + (ggufType == nil ? "; --gguf-type none overrides it" : ""))
        }
    }

    /// Where a mixture comes from, as messages name it.
    func place(of type: GGUFTypeMix) -> String {
        ggufType == nil ? "the recipe's ggufType \(type.rawValue)" : "--gguf-type \(type.rawValue)"
    }
}

/// A mixture of K-quants, or none.
struct GGUFTypeChoice: ExpressibleByArgument {
    let mix: GGUFTypeMix?

    init?(argument: String) {
        mix = GGUFTypeMix(rawValue: argument)
        if mix == nil && argument != "none" { return nil }
    }

    static var allValueStrings: [String] { ["none"] + GGUFTypeMix.allCases.map(\.rawValue) }
}
