import AdaDimEvaluation
import AdaDimPipeline
import AdaDimReports
import ArgumentParser
import Foundation

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare variants of a model with the original on a text.",
        usage: "adadim compare <original> <variant> ... --text <file> [<options>]",
        discussion: """
            Prints for each variant the perplexity, the excess over the original in nats per token, and the mean \
            Kullback-Leibler divergence of its next-token distribution from the original's, which detects smaller \
            differences than perplexity does. Then the difference of every two variants, window by window. The 95 % \
            intervals cover other windows of such a text (bootstrap), not other calibration sequences.

            The text is tokenized by the original's tokenizer and cut as 'adadim evaluate' does. Opens original models \
            and every format that 'adadim quantize' writes.

            Example:
              adadim compare <original> <variant> <variant> --text held-out.txt \\
                --sequences 32
            """)

    @Argument(help: "The original model: a directory.", completion: .directory)
    var original: String

    @Argument(help: "Its variants: a directory each.", completion: .directory)
    var variants: [String]

    @OptionGroup(title: "Text") var corpus: TextArguments
    @OptionGroup(title: "Text") var field: TextFieldArguments
    @OptionGroup(title: "Text") var window: WindowArguments
    @OptionGroup(title: "Output") var printing: ComparisonOutputArguments
    @OptionGroup(title: "Machine") var machine: MachineArguments

    func validate() throws {
        try refuseEmpty(original, "<original>", expected: "a model directory")
        for variant in variants { try refuseEmpty(variant, "<variant>", expected: "a model directory") }
    }

    func run() throws {
        let terminal = machine.begin()
        let job = CompareCheckpoints(
            original: URL(argument: original), variants: variants.map { URL(argument: $0) },
            text: URL(argument: corpus.text), textField: field.textField, sequenceLength: window.sequenceLength,
            sequences: corpus.sequences)
        let comparison = try interruptible(on: terminal) { observer in
            try job.run { name, step in
                try evaluationProgress(on: terminal, observer, prefix: "\(name): ")(step)
            }
        }
        if printing.json {
            try StandardStreams.print(
                json: ComparisonReport(
                    comparison, original: original, text: corpus.text, textField: field.textField))
        } else {
            try StandardStreams.print(ComparisonText(comparison: comparison).text)
        }
    }
}
