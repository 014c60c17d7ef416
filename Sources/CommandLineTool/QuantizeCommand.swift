import AdaDimExport
import AdaDimPipeline
import AdaDimQuantization
import ArgumentParser
import Foundation

struct QuantizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract: "Quantize a Hugging Face model directory.",
        discussion: """
            Reads MODEL (config.json, tokenizer.json, .safetensors), calibrates it on a text, and writes OUTPUT: a model \
            directory of the same kind with quantized linear layers, and quantization-report.json. OUTPUT appears when it \
            is complete, or not at all. Embeddings, norms and lm_head are carried over untouched.

            Selective per-IC, as in the AdaDim paper's study:
              adadim quantize MODEL OUTPUT --calibration FILE --per-ic q_proj,k_proj,v_proj,down_proj
            """)

    @Argument(help: "The model: a directory.", completion: .directory)
    var model: String

    @Argument(help: "The directory to write; must not exist.", completion: .directory)
    var output: String

    @OptionGroup var quantization: QuantizationArguments

    @Option(help: "How codes are found: GPTQ's column sweep, or round to nearest.")
    var method = QuantizationOptions.Method.gptq

    @Option(help: "Direction of the groups. (default: adaptive)")
    var dimension: DimensionArgument?

    @Option(
        help: ArgumentHelp(
            "Layers to quantize per-IC, the others per-OC: comma-separated globs against a module's full name or its last component.",
            valueName: "list"))
    var perIc: [GlobList] = []

    @Option(help: "What to write: the original's dtype with quantized values, or packed codes.")
    var format = ExportFormat.dequantized

    @Flag(help: "Replace OUTPUT if this tool wrote it.")
    var overwrite = false

    @OptionGroup var machine: MachineArguments

    func validate() throws {
        if !perIc.isEmpty && dimension != nil {
            throw ValidationError("--per-ic and --dimension exclude each other: --per-ic sets every layer's direction")
        }
    }

    func run() throws {
        var job = quantization.job(model: model, output: URL(filePath: output))
        job.method = method
        job.format = format
        job.overwrite = overwrite
        job.dimension =
            perIc.isEmpty ? (dimension ?? .adaptive).dimension : .perInputChannel(matching: perIc.flatMap(\.globs))
        let terminal = machine.begin()
        let report = try AdaDimCommandLineTool.run(on: terminal) { observer, _ in
            var observer = observer
            observer.progress = layerProgress(on: terminal)
            return try QuantizeCheckpoint(job, observer: observer).run()
        }
        print(ClosingTable(report: report).text)
        print("Written to \(output)")
    }
}

/// Shows the progress of a quantization on a terminal.
func layerProgress(on terminal: Terminal, prefix: String = "") -> @Sendable (QuantizationProgress) -> Void {
    let start = ContinuousClock.now
    return { event in
        switch event {
        case .began(let layers, let blocks, let tokens):
            terminal.progress(
                prefix + "\(layers) layers in \(blocks) blocks, \(tokens) calibration tokens",
                plain: prefix + "\(layers) layers in \(blocks) blocks, \(tokens) calibration tokens")
        case .finished(let layer, let done, let layers):
            let elapsed = start.duration(to: .now) / .seconds(1)
            let text = ProgressText(done: done, layers: layers, layer: layer, elapsed: elapsed)
            terminal.progress(prefix + text.bar, plain: prefix + text.plain)
        }
    }
}
