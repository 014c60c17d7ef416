import AdaDimFormats
import ArgumentParser

/// What a conversion writes.
struct ConversionArguments: ParsableArguments {
    @Option(help: ArgumentHelp("\(ExportFormat.help)"))
    var format: ExportFormat

    @Flag(
        help:
            "Write layers that the format cannot hold as they are as plain numbers, rounded to the model's type where it does not hold their values; they are named."
    )
    var allowDense = false

    @Flag(help: "Replace <output> if it exists and this tool wrote it.")
    var overwrite = false
}
