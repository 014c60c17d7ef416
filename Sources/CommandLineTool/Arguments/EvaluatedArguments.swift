import ArgumentParser
import Foundation

/// What a model is evaluated on: a text, or questions.
struct EvaluatedArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The text (UTF-8); or its token ids, one integer tensor [tokens] in a .safetensors file.",
            valueName: "file"),
        completion: .file())
    var text: String?

    @OptionGroup var field: TextFieldArguments

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Windows to take, spread evenly over the text. (default: all)", valueName: "n"))
    var sequences: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Tokens of a window. (default: 512)", valueName: "n"))
    var sequenceLength: Int?

    @Option(
        help: ArgumentHelp(
            "Questions, instead of a text: a JSON object per line, with \"question\", \"choices\" and \"answer\", the right choice's number from 0.",
            valueName: "file"),
        completion: .file())
    var multipleChoice: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many questions, the first of the file, are examples before each other question. (default: 0)",
            valueName: "n"))
    var examples: Int?

    @Option(
        help: ArgumentHelp(
            "A second model for the same questions; the difference is taken question by question.", valueName: "model"),
        completion: .directory)
    var against: String?

    /// What to evaluate on, checked.
    enum Kind {
        case text(URL, field: String?, windows: Int?, length: Int)
        case questions(URL, examples: Int, against: URL?)
    }

    var kind: Kind {
        get throws {
            switch (text, multipleChoice) {
            case (let text?, nil):
                .text(
                    URL(argument: text), field: field.textField, windows: sequences, length: sequenceLength ?? 512)
            case (nil, let file?):
                .questions(
                    URL(argument: file), examples: examples ?? 0, against: against.map { URL(argument: $0) })
            case (nil, nil): throw ValidationError("neither --text nor --multiple-choice, expected one of them")
            case (_?, _?): throw ValidationError("--text and --multiple-choice exclude each other")
            }
        }
    }

    func validate() throws {
        for (path, option, expected) in [
            (text, "--text", "a file"), (multipleChoice, "--multiple-choice", "a file"),
            (against, "--against", "a model directory"),
        ] {
            if let path { try refuseEmpty(path, option, expected: expected) }
        }
        _ = try kind
        let others =
            text == nil
            ? [
                ("--text-field", field.textField != nil), ("--sequences", sequences != nil),
                ("--sequence-length", sequenceLength != nil),
            ]
            : [("--examples", examples != nil), ("--against", against != nil)]
        if let (option, _) = others.first(where: \.1) {
            throw ValidationError("\(option) needs \(text == nil ? "--text" : "--multiple-choice")")
        }
        if let sequences, sequences < 1 { throw ValidationError("--sequences is \(sequences), expected at least 1") }
        if let sequenceLength, sequenceLength < 2 {
            throw ValidationError("--sequence-length is \(sequenceLength), expected at least 2")
        }
        if let examples, examples < 0 { throw ValidationError("--examples is \(examples), expected at least 0") }
    }
}
