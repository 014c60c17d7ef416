import ArgumentParser

/// How a file of documents is read.
struct TextFieldArguments: ParsableArguments {
    @Option(help: Self.help)
    var textField: String?

    static let help = ArgumentHelp(
        "The text is JSON Lines, an object per line: take what this field holds, each a document of its own. Sequences lie within documents; shorter documents are left out.",
        valueName: "name")

    func validate() throws { try refuseEmptyField(textField, "--text-field") }
}
