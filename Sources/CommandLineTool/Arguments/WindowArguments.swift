import ArgumentParser

/// How long the windows are that a text is cut into.
struct WindowArguments: ParsableArguments {
    @Option(parsing: .unconditional, help: ArgumentHelp("Tokens of a window.", valueName: "n"))
    var sequenceLength = 512

    func validate() throws {
        guard sequenceLength >= 2 else {
            throw ValidationError("--sequence-length is \(sequenceLength), expected at least 2")
        }
    }
}
