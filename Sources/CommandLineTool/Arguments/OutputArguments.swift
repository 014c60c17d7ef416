import AdaDimExport
import ArgumentParser

/// What is written.
struct OutputArguments: ParsableArguments {
    @Option(
        help:
            "What to write: the quantized values as plain numbers of the model's own type (dequantized), which every program opens and which saves no space, or codes packed to their bits (compressed-tensors)."
    )
    var format = ExportFormat.dequantized

    @Flag(help: "Replace <output> if it exists and this tool wrote it.")
    var overwrite = false
}
