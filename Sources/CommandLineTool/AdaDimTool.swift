import ArgumentParser

@main
struct AdaDimTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adadim",
        abstract: "Quantize the weights of large language models to 2, 3, 4 or 8 bits, on CPUs.",
        discussion: """
            For every linear layer adadim decides whether quantization groups run inside an output channel (per-OC, the \
            usual way) or inside an input channel (per-IC, which keeps the damage of activation outliers in one place), \
            by the error measured on calibration text.

            A first run:
              adadim quantize MODEL OUTPUT --calibration text.txt --bits 3 --group-size 64
              adadim evaluate OUTPUT --text other.txt
            """,
        version: toolVersion,
        subcommands: [QuantizeCommand.self, EvaluateCommand.self, VariantsCommand.self])
}
