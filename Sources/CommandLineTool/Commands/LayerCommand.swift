import AdaDimPipeline
import AdaDimQuantization
import ArgumentParser
import Foundation

struct LayerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "layer",
        abstract: "Quantize one weight matrix from file to file.",
        usage: "adadim layer <file> [--output <file>] [<options>]",
        discussion: """
            For tools that talk through files. Reads a .safetensors file with a tensor 'weight' [out, in] and what it is \
            calibrated on: 'activations' [tokens, in] or [batch, tokens, in], or 'gram' [in, in], their X'X. Prints what \
            the quantized layer loses, and writes codes, scales and zero points if --output says where. \
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
    @OptionGroup(title: "Method") var scales: ScaleArguments
    @OptionGroup(title: "Accuracy") var accuracy: AccuracyArguments
    @OptionGroup(title: "Output") var writing: LayerOutputArguments
    @OptionGroup(title: "Machine") var machine: MachineArguments

    func validate() throws {
        try refuseEmpty(file, "<file>", expected: "a .safetensors file")
        _ = try accuracy.accuracy(variant.method)
    }

    private func job() throws -> LayerJob {
        var job = LayerJob(
            input: file, output: writing.output,
            options: method.options(variant, choice, try accuracy.accuracy(variant.method)))
        job.scaleType = scales.scaleType
        job.isPacked = writing.packed
        job.writesDequantized = writing.dequantized
        job.overwrite = writing.overwrite
        return job
    }

    func run() throws {
        let job = try job()
        let terminal = machine.begin()
        let report = try AdaDimCommandLineTool.run(on: terminal) { observer, _ in
            try QuantizeLayerFile(
                job, isCancelled: observer.isCancelled, progress: Self.show(on: terminal)
            ).run()
        }
        if writing.json {
            try StandardStreams.print(json: report, afterWriting: writing.output)
        } else {
            try StandardStreams.print(LayerSummary(report: report).text, afterWriting: writing.output)
        }
    }

    private static func show(on terminal: Terminal) -> @Sendable (LayerProgress) -> Void {
        { event in
            switch event {
            case .began(let name, let rows, let columns, let tokens):
                let text = "\(name): [\(rows), \(columns)]" + (tokens.map { ", \($0) tokens" } ?? "")
                terminal.progress(text, plain: text)
            case .working(let stage, let share):
                terminal.progress("\(stage.rawValue): \(Int(100 * share)) %", plain: nil)
            }
        }
    }
}

/// What a single layer's scales are stored in; a model's are stored as its weights are.
struct ScaleArguments: ParsableArguments {
    @Option(help: ArgumentHelp("What scales are stored in. (default: the weight's own type)", valueName: "type"))
    var scaleType: ScaleType?
}

/// What is written of a layer, and what is printed.
struct LayerOutputArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The .safetensors file to write; appears when it is complete, or not at all. (default: none)",
            valueName: "file"),
        completion: .file(extensions: ["safetensors"]))
    var output: String?

    @Flag(help: "Write codes in their bits, 32-bit words, instead of a byte each.")
    var packed = false

    @Flag(help: "Write the dequantized weight, too, in the weight's own type.")
    var dequantized = false

    @Flag(help: "Replace the output if it exists and this command wrote it.")
    var overwrite = false

    @Flag(help: "Print JSON, with all losses, dampings and timings.")
    var json = false

    func validate() throws {
        if let output {
            try refuseEmpty(output, "--output", expected: "a file to write")
        } else {
            let options = [("--packed", packed), ("--dequantized", dequantized), ("--overwrite", overwrite)]
            if let option = options.first(where: \.1) {
                throw ValidationError("\(option.0) needs --output, which says what file to write")
            }
        }
    }
}
