import AdaDimEvaluation
import AdaDimPipeline
import ArgumentParser
import Foundation

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure a model's perplexity on a text.",
        usage: "adadim evaluate <model> --text <file> [<options>]",
        discussion: """
            Perplexity says how badly a model predicts a text: it is e to the mean negative log-likelihood of a token, \
            so smaller is better. Opens original models and both formats that 'adadim quantize' writes.

            The text is tokenized whole, without special tokens, and cut into consecutive windows; an incomplete last one \
            is left out. The mean is over tokens 2 to the last of every window.

            Example:
              adadim evaluate <model> --text held-out.txt --sequences 32
            """)

    @Argument(help: "The model: a directory.", completion: .directory)
    var model: String

    @OptionGroup(title: "Text") var corpus: TextArguments
    @OptionGroup(title: "Text") var window: WindowArguments
    @OptionGroup(title: "Output") var printing: PrintingArguments
    @OptionGroup(title: "Machine") var machine: MachineArguments

    func validate() throws {
        try refuseEmpty(model, "<model>", expected: "a model directory")
    }

    func run() throws {
        let terminal = machine.begin()
        let result = try AdaDimCommandLineTool.run(on: terminal) { observer, _ in
            try EvaluateCheckpoint(
                model: URL(filePath: model), text: URL(filePath: corpus.text), sequenceLength: window.sequenceLength,
                sequences: corpus.sequences
            ).run(progress: evaluationProgress(on: terminal, observer))
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
}

struct WindowArguments: ParsableArguments {
    @Option(parsing: .unconditional, help: ArgumentHelp("Tokens of a window.", valueName: "n"))
    var sequenceLength = 512

    func validate() throws {
        guard sequenceLength >= 2 else {
            throw ValidationError("--sequence-length is \(sequenceLength), expected at least 2")
        }
    }
}

struct PrintingArguments: ParsableArguments {
    @Flag(help: "Print JSON, with every window's log-likelihood.")
    var json = false
}

/// Shows the progress of an evaluation, and stops it when the observer wants that.
func evaluationProgress(
    on terminal: Terminal, _ observer: RunObserver, prefix: String = ""
) -> (EvaluationProgress) throws -> Void {
    { step in
        if observer.isCancelled() { throw PipelineError.cancelled }
        let round = step.rounds > 1 ? "round \(step.round + 1)/\(step.rounds), " : ""
        terminal.progress("\(prefix)evaluating: \(round)block \(step.block)/\(step.blocks)", plain: nil)
    }
}
