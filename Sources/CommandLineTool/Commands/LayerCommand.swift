import AdaDimPipeline
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRecipe
import ArgumentParser
import Foundation

struct LayerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layer",
        abstract: "Quantize one weight matrix from file to file.",
        usage: "adadim layer <file> [--output <file>] [<options>]",
        discussion: """
            For programs that exchange files. Reads a .safetensors file with a tensor 'weight' [out, in] and its \
            calibration data: 'activations' [tokens, in] or [batch, tokens, in], or 'gram' [in, in], their X'X. Prints \
            the losses of the quantized layer, and writes codes, scales and zero points to the file of --output. \
            Documentation/LayerFile.md describes both files.

            Example:
              adadim layer layer.safetensors --output quantized.safetensors \\
                --bits 3 --group-size 64
            """)

    @Argument(help: "The layer: a .safetensors file.", completion: .file(extensions: ["safetensors"]))
    var file: String

    @OptionGroup(title: "Method") var variant: VariantArguments
    @OptionGroup(title: "Method") var method: MethodArguments
    @OptionGroup(title: "Method") var choice: SelectionArguments
    @OptionGroup(title: "Method") var grids: GridArguments
    @OptionGroup(title: "Method") var scales: ScaleArguments
    @OptionGroup(title: "Accuracy") var effort: EffortArguments
    @OptionGroup(title: "Accuracy") var factor: FactorArguments
    @OptionGroup(title: "Accuracy") var refinement: RefinementArguments
    @OptionGroup(title: "Output") var writing: LayerOutputArguments
    @OptionGroup(title: "Machine") var machine: MachineArguments

    func validate() throws {
        try refuseEmpty(file, "<file>", expected: "a .safetensors file")
        _ = try options
    }

    private var options: QuantizationOptions {
        get throws {
            let method = variant.method ?? .gptq
            try refuseWithoutSweep(method, effort, factor, refinement)
            var options = ModelRecipe(method, effort.effort).options
            variant.set(&options)
            // Before what follows from it and may contradict it.
            grids.set(&options)
            self.method.set(&options)
            choice.set(&options)
            factor.set(&options)
            try refinement.set(&options)
            try refuseOutOfRange { $0.options = options }
            return options
        }
    }

    private func job() throws -> LayerJob {
        var job = LayerJob(input: file, output: writing.output, options: try options)
        job.scaleType = scales.scaleType
        job.isPacked = writing.packed
        job.writesDequantized = writing.dequantized
        job.overwrite = writing.overwrite
        return job
    }

    func run() throws {
        let job = try job()
        let terminal = machine.begin()
        let report = try interruptible(on: terminal) { observer in
            try QuantizeLayerFile(
                job, isCancelled: observer.isCancelled, progress: Self.show(on: terminal)
            ).run()
        }
        if writing.json {
            try StandardStreams.print(json: report, afterWriting: writing.output)
        } else {
            try StandardStreams.print(LayerText(report: report).text, afterWriting: writing.output)
        }
    }

    private static func show(on terminal: Terminal) -> @Sendable (LayerProgress) -> Void {
        { event in
            switch event {
            case .began(let name, let rows, let columns, let tokens):
                let text = "\(name): [\(rows), \(columns)]" + (tokens.map { ", \($0) tokens" } ?? "")
                terminal.progress(text, plain: text)
            case .advanced(let part, let share):
                terminal.progress("\(part.rawValue): \(Int(100 * share)) %", plain: nil)
            }
        }
    }
}
