import AdaDimEvaluation
import AdaDimPipeline
import AdaDimReports
import ArgumentParser
import Foundation

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure a model's perplexity on a text, or how many questions it answers rightly.",
        usage: """
            adadim evaluate <model> --text <file> [<options>]
            adadim evaluate <model> --multiple-choice <file> [<options>]
            """,
        discussion: """
            Perplexity measures how well a model predicts a text: it is e to the mean negative log-likelihood of a \
            token, so smaller is better. Opens original models and every format that 'adadim quantize' writes.

            The text is tokenized whole, without special tokens, and cut into consecutive windows; an incomplete last \
            one is omitted. The mean is over tokens 2 to the last of every window. In JSON Lines (--text-field) each \
            document is tokenized and cut separately.

            For a multiple-choice question the model chooses the answer that is most likely after "Question: ...", a \
            new line and "Answer:"; by its log-likelihood as a sum, per token, and per byte in UTF-8. Shares of right \
            answers have standard errors.

            Examples:
              adadim evaluate <model> --text held-out.txt --sequences 32
              adadim evaluate <model> --multiple-choice questions.jsonl \\
                --examples 5 --against <other>
            """)

    @Argument(help: "The model: a directory.", completion: .directory)
    var model: String

    @OptionGroup(title: "Text or questions") var evaluated: EvaluatedArguments
    @OptionGroup(title: "Output") var printing: PrintingArguments
    @OptionGroup(title: "Machine") var machine: MachineArguments

    func validate() throws {
        try refuseEmpty(model, "<model>", expected: "a model directory")
    }

    func run() throws {
        let terminal = machine.begin()
        switch try evaluated.kind {
        case .text(let file, let field, let windows, let length):
            try printPerplexity(
                EvaluateCheckpoint(
                    model: URL(argument: model), text: file, textField: field, sequenceLength: length,
                    sequences: windows), on: terminal)
        case .questions(let file, let examples, let other):
            try printAnswers(AskMultipleChoice(file: file, examples: examples), other, on: terminal)
        }
    }

    private func printPerplexity(_ evaluation: EvaluateCheckpoint, on terminal: Terminal) throws {
        let result = try interruptible(on: terminal) { observer in
            try evaluation.run(progress: evaluationProgress(on: terminal, observer))
        }
        if printing.json {
            try StandardStreams.print(json: result)
        } else {
            try StandardStreams.print(
                "perplexity \(significant(result.perplexity, 6)) on \(result.windows) windows of "
                    + "\(result.windowLength) tokens (\(significant(result.meanNegativeLogLikelihood, 6)) nats per token)"
            )
        }
    }

    private func printAnswers(_ questions: AskMultipleChoice, _ other: URL?, on terminal: Terminal) throws {
        let (scores, others) = try interruptible(on: terminal) { observer in
            let scores = try questions.run(
                URL(argument: model), progress: evaluationProgress(on: terminal, observer))
            let others = try other.map {
                try questions.run($0, progress: evaluationProgress(on: terminal, observer, prefix: "the other: "))
            }
            return (scores, others)
        }
        if printing.json {
            try StandardStreams.print(json: MultipleChoiceReport(scores, other: others))
        } else {
            try StandardStreams.print(MultipleChoiceText(scores: scores, other: others).text)
        }
    }
}
