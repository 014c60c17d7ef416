import AdaDimEvaluation
import AdaDimPipeline
import ArgumentParser
import Foundation

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure a model's perplexity on a text.",
        discussion: """
            The text is tokenized whole, without special tokens, and cut into consecutive windows; an incomplete last one \
            is left out. Perplexity is exp of the mean negative log-likelihood of tokens 2 to the last of each window. \
            Opens original models and both of this tool's output formats.
            """)

    @Argument(help: "The model: a directory.", completion: .directory)
    var model: String

    @Option(
        help: ArgumentHelp(
            "The text (UTF-8), or its token ids: an integer tensor [tokens] in a .safetensors file.", valueName: "file"),
        completion: .file())
    var text: String

    @Option(help: "Tokens of a window.")
    var sequenceLength = 512

    @Option(help: "Windows, spread evenly over the text. (default: all)")
    var sequences: Int?

    @Flag(help: "Print JSON, with every window's log-likelihood.")
    var json = false

    @OptionGroup var machine: MachineArguments

    func validate() throws {
        guard sequenceLength >= 2 else {
            throw ValidationError("--sequence-length is \(sequenceLength), expected at least 2")
        }
        if let sequences, sequences < 1 { throw ValidationError("--sequences is \(sequences), expected at least 1") }
    }

    func run() throws {
        let terminal = machine.begin()
        let result = try AdaDimCommandLineTool.run(on: terminal) { observer, _ in
            try EvaluateCheckpoint(
                model: URL(filePath: model), text: URL(filePath: text), sequenceLength: sequenceLength,
                sequences: sequences
            ).run(progress: evaluationProgress(on: terminal, observer))
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            print(String(decoding: try encoder.encode(result), as: UTF8.self))
        } else {
            print(
                "perplexity \(significant(result.perplexity, 6)) on \(result.windows) windows of "
                    + "\(result.windowLength) tokens (\(significant(result.meanNegativeLogLikelihood, 6)) nats per token)"
            )
        }
    }
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
