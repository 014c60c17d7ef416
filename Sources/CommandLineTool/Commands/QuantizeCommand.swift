import AdaDimFormats
import AdaDimPipeline
import AdaDimQuantization
import AdaDimRecipe
import AdaDimReports
import ArgumentParser
import Foundation

struct QuantizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract: "Quantize a Hugging Face model directory.",
        usage: "adadim quantize <model> <output> --calibration <file> [<options>]",
        discussion: """
            Reads <model> (config.json, tokenizer.json, .safetensors), runs it on a calibration text to see what inputs its \
            weights meet, and writes <output>: a model directory of the same kind with quantized linear layers, \
            quantization-report.json, and the same to look at, quantization-report.html. <output> appears when it is complete, or not at all. Norms are carried over \
            untouched, and so are embeddings and lm_head unless --embeddings or --head is given.

            A small model, 3 bits, each layer's groups in the better direction:
              adadim quantize <model> <output> --calibration text.txt \\
                --bits 3 --group-size 64 --format compressed-tensors

            Some layers per-IC, as in the AdaDim paper's selective study:
              adadim quantize <model> <output> --calibration text.txt \\
                --per-ic q_proj,k_proj,v_proj,down_proj

            A model that vLLM serves from its packed codes:
              adadim quantize <model> <output> --calibration text.txt --for vllm
            """)

    @Argument(help: "The model: a directory.", completion: .directory)
    var model: String

    @Argument(help: "The directory to write; must not exist yet, but see --overwrite.", completion: .directory)
    var output: String

    @OptionGroup(title: "Method") var file: RecipeArguments
    @OptionGroup(title: "Method") var variant: VariantArguments
    @OptionGroup(title: "Method") var method: MethodArguments
    @OptionGroup(title: "Method") var tables: TableArguments
    @OptionGroup(title: "Method") var choice: SelectionArguments
    @OptionGroup(title: "Method") var leavingOut: SkipArguments
    @OptionGroup(title: "Method") var selective: SelectiveArguments
    @OptionGroup(title: "Accuracy") var effort: EffortArguments
    @OptionGroup(title: "Accuracy") var factor: FactorArguments
    @OptionGroup(title: "Accuracy") var refinement: RefinementArguments
    @OptionGroup(title: "Accuracy") var correction: CorrectionArguments
    @OptionGroup(title: "Calibration") var calibration: CalibrationArguments
    @OptionGroup(title: "Calibration") var propagation: PropagationArguments
    @OptionGroup(title: "Output") var serving: RuntimeArguments
    @OptionGroup(title: "Output") var writing: OutputArguments
    @OptionGroup(title: "Machine") var machine: MachineArguments

    func validate() throws {
        try refuseEmpty(model, "<model>", expected: "a model directory")
        try refuseEmpty(output, "<output>", expected: "a directory to write")
        // A recipe's file is read when the run begins.
        if file.recipe == nil { _ = try recipe }
        if !selective.perIc.isEmpty && variant.dimension != nil {
            throw ValidationError("--per-ic and --dimension exclude each other: --per-ic sets every layer's direction")
        }
    }

    /// What a K-quant decides, an option cannot.
    private func refuseSettingsOfGrids(_ type: GGUFTypeMix?) throws {
        guard let type else { return }
        let given = [
            ("--bits", method.bits != nil), ("--group-size", method.groupSize != nil),
            ("--symmetric", method.symmetric != nil),
        ]
        if let (name, _) = given.first(where: { $0.1 }) {
            throw ValidationError(
                "\(name) and \(writing.place(of: type)) exclude each other: \(type.rawValue) decides what grids are")
        }
    }

    /// What the file says, or the defaults; overridden by the options that were given.
    private var recipe: ModelRecipe {
        get throws {
            var recipe = try file.read()?.recipe ?? ModelRecipe()
            let method = variant.method ?? recipe.options.method
            try refuseWithoutSweep(method, effort, factor, refinement)
            // Another method or effort than the file's replaces all that depends on it.
            if method != recipe.options.method {
                recipe.apply(method, effort.effort)
            } else if let effort = effort.effort, method == .gptq {
                recipe.apply(effort)
            }
            variant.set(&recipe.options)
            self.method.set(&recipe.options)
            tables.set(&recipe)
            choice.set(&recipe.options)
            factor.set(&recipe.options)
            try refinement.set(&recipe.options)
            propagation.set(&recipe)
            try correction.set(&recipe)
            leavingOut.set(&recipe)
            selective.set(&recipe)
            calibration.set(&recipe)
            try writing.set(&recipe)
            try refuseSettingsOfGrids(recipe.ggufType)
            return recipe
        }
    }

    /// What options and file state of what a runtime may demand.
    private var stated: StatedSettings {
        get throws {
            var stated = try file.read()?.stated ?? StatedSettings()
            stated.note("bits", at: "--bits", if: method.bits != nil)
            stated.note("groupSize", at: "--group-size", if: method.groupSize != nil)
            stated.note(
                "symmetric", at: method.symmetric == false ? "--no-symmetric" : "--symmetric",
                if: method.symmetric != nil)
            stated.note("dimension", at: "--dimension", if: variant.dimension != nil)
            stated.note("format", at: "--format", if: writing.format != nil)
            return stated
        }
    }

    private func job() throws -> QuantizationJob {
        var job = calibration.job(try recipe, model: model, output: URL(argument: output))
        job.overwrite = writing.overwrite
        job.runtime = serving.runtime
        job.stated = try stated
        return job
    }

    /// How the runtime is started with the output; nothing without one.
    private var closing: String {
        guard let runtime = serving.runtime else { return "" }
        return "\nServe it: \(runtime.command(shellQuoted(output)))\n(\(runtime.remark))"
    }

    func run() throws {
        let job = try job()
        let terminal = machine.begin()
        let report = try interruptible(on: terminal) { observer in
            var observer = observer
            observer.progress = layerProgress(on: terminal)
            return try QuantizeCheckpoint(job, observer: observer).run()
        }
        try StandardStreams.print(
            QuantizationText(report: report).text + "\nWritten to \(output)\n"
                + pageLine(in: job.output, QuantizationReport.pageName) + closing, afterWriting: output)
    }
}
