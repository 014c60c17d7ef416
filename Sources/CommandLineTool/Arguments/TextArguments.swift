import ArgumentParser

/// The text that perplexity is measured on, and how much of it.
struct TextArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The text (UTF-8); or its token ids, one integer tensor [tokens] in a .safetensors file.",
            valueName: "file"),
        completion: .file())
    var text: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Windows to take, spread evenly over the text. (default: all)", valueName: "n"))
    var sequences: Int?

    func validate() throws {
        try refuseEmpty(text, "--text", expected: "a file")
        if let sequences, sequences < 1 { throw ValidationError("--sequences is \(sequences), expected at least 1") }
    }
}
