import ArgumentParser

/// What is written of a layer, and what is printed.
struct LayerOutputArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The .safetensors file to write; appears when it is complete, or not at all. (default: none)",
            valueName: "file"),
        completion: .file(extensions: ["safetensors"]))
    var output: String?

    @Flag(help: "Write codes in their bits, 32-bit words, instead of a byte each.")
    var packed = false

    @Flag(help: "Write the dequantized weight, too, in the weight's own type.")
    var dequantized = false

    @Flag(help: "Replace the output if it exists and this command wrote it.")
    var overwrite = false

    @Flag(help: "Print JSON, with all losses, dampings and timings.")
    var json = false

    func validate() throws {
        if let output {
            try refuseEmpty(output, "--output", expected: "a file to write")
        } else {
            let options = [("--packed", packed), ("--dequantized", dequantized), ("--overwrite", overwrite)]
            if let option = options.first(where: \.1) {
                throw ValidationError("\(option.0) needs --output with the file to write")
            }
        }
    }
}
