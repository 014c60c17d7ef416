import AdaDimFormats
import AdaDimRecipe
import ArgumentParser

/// What is written.
struct OutputArguments: ParsableArguments {
    @Option(help: ArgumentHelp("\(ExportFormat.help) (default: dequantized)"))
    var format: ExportFormat?

    @Flag(help: "Replace <output> if it exists and this tool wrote it.")
    var overwrite = false

    /// Overrides a recipe's settings by the options that were given.
    func set(_ recipe: inout ModelRecipe) { recipe.format = format ?? recipe.format }
}
