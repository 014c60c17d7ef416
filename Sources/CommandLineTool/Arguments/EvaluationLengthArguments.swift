import ArgumentParser

/// How the text is cut that variants are evaluated on.
struct EvaluationLengthArguments: ParsableArguments {
    @Option(parsing: .unconditional, help: ArgumentHelp("Tokens of an evaluation window.", valueName: "n"))
    var evaluationLength = 512

    @Option(
        help: ArgumentHelp("What --text-field is for --calibration, for the evaluation text.", valueName: "name"))
    var evaluationTextField: String?

    func validate() throws {
        try refuseEmptyField(evaluationTextField, "--evaluation-text-field")
        guard evaluationLength >= 2 else {
            throw ValidationError("--evaluation-length is \(evaluationLength), expected at least 2")
        }
    }
}
