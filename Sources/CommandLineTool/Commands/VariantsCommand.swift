import AdaDimFiles
import AdaDimOutputs
import AdaDimPipeline
import AdaDimQuantization
import AdaDimRecipe
import ArgumentParser
import Foundation
import Logging

struct VariantsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "variants",
        abstract:
            "Quantize a model in every variant and compare: RTN and GPTQ, per-OC, per-IC, adaptive, and with more effort.",
        usage: "adadim variants <model> --calibration <file> --text <file> [<options>]",
        discussion: """
            The variants are those of plain GPTQ and RTN (--effort fast), and adaptive GPTQ with --effort balanced and \
            best. Prints a table with a line for each: the layers' mean relative loss |(W-Q)X|^2/|WX|^2, the \
            perplexity on a text and the original's, the excess in nats per token, how many layers chose per-IC, and \
            the seconds it took. A loss in brackets uses token weights or corrected weights (--effort balanced, best) \
            and cannot be compared with the others.

            Example:
              adadim variants <model> --calibration text.txt --text held-out.txt \\
                --bits 3 --group-size 64
            """)

    @Argument(help: "The model: a directory.", completion: .directory)
    var model: String

    @OptionGroup(title: "Method") var method: MethodArguments
    @OptionGroup(title: "Method") var choice: SelectionArguments
    @OptionGroup(title: "Method") var factor: FactorArguments
    @OptionGroup(title: "Method") var leavingOut: SkipArguments
    @OptionGroup(title: "Calibration") var calibration: CalibrationArguments
    @OptionGroup(title: "Calibration") var propagation: PropagationArguments
    @OptionGroup(title: "Evaluation") var corpus: TextArguments
    @OptionGroup(title: "Evaluation") var window: EvaluationLengthArguments
    @OptionGroup(title: "Output") var output: KeepArguments
    @OptionGroup(title: "Machine") var machine: MachineArguments

    func validate() throws {
        try refuseEmpty(model, "<model>", expected: "a model directory")
    }

    func run() throws {
        let terminal = machine.begin()
        let rows = try interruptible(on: terminal) { observer in
            try withOutputs { try measure(into: $0, terminal, observer) }
        }
        try StandardStreams.print(VariantsTable(rows: rows).text, afterWriting: output.keep)
    }

    /// Provides a directory for the outputs: the one to keep them in, locked for other runs, or one that is removed
    /// afterwards.
    private func withOutputs<Result>(_ body: (URL) throws -> Result) throws -> Result {
        if let keep = output.keep {
            let directory = URL(argument: keep)
            try makeDirectories(directory.path)
            // In the directory and not next to it, where another container may be or writing may be forbidden.
            let lock = try OutputLock.take(HiddenNames(of: "variants", in: directory.path).lock, for: keep)
            if lock == nil { Logger(label: "adadim").notice("\(OutputLock.absence(keep))") }
            return try withExtendedLifetime(lock) { try body(directory) }
        }
        let temporary = try TemporaryOutputs(
            "adadim-variants", in: FileManager.default.temporaryDirectory.path,
            notice: { Logger(label: "adadim").notice("\($0)") })
        return try withExtendedLifetime(temporary) { try body(URL(filePath: temporary.path)) }
    }

    private func measure(into outputs: URL, _ terminal: Terminal, _ observer: RunObserver) throws -> [VariantsTable.Row]
    {
        let jobs = Variant.all(select: choice.select ?? .roundToNearest).map { ($0, job($0, into: outputs)) }
        if output.keep != nil { try DiskEstimate(keeping: jobs.map(\.1)).check(outputs.path) }
        let original = try perplexity(of: URL(argument: model), "original", terminal, observer)
        var rows = [VariantsTable.Row(name: "original", perplexity: original, original: original)]
        for (variant, job) in jobs {
            let output = job.output
            var observer = observer
            observer.progress = layerProgress(on: terminal, prefix: "\(variant.name): ")
            let report = try QuantizeCheckpoint(job, observer: observer).run()
            // What is surprising about the output has been said of the model.
            let silent = Logger(label: "adadim") { _ in SwiftLogNoOpLogHandler() }
            let perplexity = try perplexity(of: output, variant.name, log: silent, terminal, observer)
            rows.append(
                VariantsTable.Row(name: variant.name, perplexity: perplexity, original: original, report: report))
            if self.output.keep == nil { removeTree(output.path) }
        }
        return rows
    }

    private func job(_ variant: Variant, into outputs: URL) -> QuantizationJob {
        var recipe = ModelRecipe(variant.method, variant.effort)
        recipe.options.direction = variant.direction
        method.set(&recipe.options)
        factor.set(&recipe.options)
        propagation.set(&recipe)
        leavingOut.set(&recipe)
        calibration.set(&recipe)
        var job = calibration.job(recipe, model: model, output: outputs.appending(path: variant.directoryName))
        job.overwrite = true
        return job
    }

    private func perplexity(
        of directory: URL, _ name: String, log: Logger = Logger(label: "adadim"), _ terminal: Terminal,
        _ observer: RunObserver
    ) throws -> Double {
        try EvaluateCheckpoint(
            model: directory, text: URL(argument: corpus.text), textField: window.evaluationTextField,
            sequenceLength: window.evaluationLength, sequences: corpus.sequences, log: log
        ).run(progress: evaluationProgress(on: terminal, observer, prefix: "\(name): ")).perplexity
    }
}
