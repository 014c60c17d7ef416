import ArgumentParser

/// How a file of documents is read.
struct TextFieldArguments: ParsableArguments {
    @Option(help: Self.help)
    var textField: String?

    static let help = ArgumentHelp(
        "The text is JSON Lines, an object per line: the text is the value of this field, a document per line. A sequence never crosses the end of a document; documents shorter than a sequence are omitted.",
        valueName: "name")

    func validate() throws { try refuseEmptyField(textField, "--text-field") }
}
