import AdaDimFormats
import ArgumentParser

/// What is written.
struct OutputArguments: ParsableArguments {
    @Option(help: ArgumentHelp(ExportFormat.help))
    var format = ExportFormat.dequantized

    @Flag(help: "Replace <output> if it exists and this tool wrote it.")
    var overwrite = false
}
