import AdaDimInspection
import AdaDimPipeline
import AdaDimRecipe
import AdaDimReports
import ArgumentParser
import Foundation

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show where a model's activation outliers and its sensitive weights are.",
        usage: "adadim inspect <model> --calibration <file> [<options>]",
        discussion: """
            Runs a calibration text through <model> once, quantizes nothing, and reports for every linear layer: how \
            many of its input channels are activation outliers; the share of its sensitivity, w^2/[H^-1]jj, in the \
            most sensitive 1 % of the input channels and of the output channels; Spearman's rank correlation of the \
            channels' largest activations with their sensitivities; and the losses of RTN and GPTQ with groups inside \
            output channels (per-OC) and inside input channels (per-IC), by the plain method (quantize --effort fast).

            --report writes a directory: inspection-report.html to look at, inspection-report.json and layers.csv for \
            programs, and every channel's figures in channels.safetensors. Documentation/Inspection.md defines each figure.

            Example:
              adadim inspect <model> --calibration text.txt \\
                --bits 3 --group-size 64 --report inspection
            """)

    @Argument(help: "The model: a directory.", completion: .directory)
    var model: String

    @OptionGroup(title: "Method") var method: MethodArguments
    @OptionGroup(title: "Method") var factor: FactorArguments
    @OptionGroup(title: "Method") var leavingOut: SkipArguments
    @OptionGroup(title: "Outliers") var outliers: OutlierArguments
    @OptionGroup(title: "Calibration") var calibration: CalibrationArguments
    @OptionGroup(title: "Output") var writing: InspectionOutputArguments
    @OptionGroup(title: "Machine") var machine: MachineArguments

    func validate() throws {
        try refuseEmpty(model, "<model>", expected: "a model directory")
    }

    private var job: InspectionJob {
        var recipe = ModelRecipe(.fast)
        method.set(&recipe.options)
        factor.set(&recipe.options)
        leavingOut.set(&recipe)
        // The untouched model computes all inputs.
        recipe.propagation = .original
        calibration.set(&recipe)
        var job = InspectionJob(calibration.job(recipe, model: model))
        job.thresholds = OutlierThresholds(magnitude: outliers.outlierMagnitude, ratio: outliers.outlierRatio)
        job.report = writing.report.map { URL(argument: $0) }
        job.overwrite = writing.overwrite
        return job
    }

    func run() throws {
        let job = job
        let terminal = machine.begin()
        let report = try interruptible(on: terminal) { observer in
            try InspectCheckpoint(job, observer: observer, progress: Self.show(on: terminal)).run()
        }
        if writing.json {
            try StandardStreams.print(json: report, afterWriting: writing.report)
        } else if writing.csv {
            try StandardStreams.print(String(InspectionTable(report).text.dropLast()), afterWriting: writing.report)
        } else {
            try StandardStreams.print(
                InspectionText(report: report, directory: job.report).text, afterWriting: writing.report)
        }
    }

    private static func show(on terminal: Terminal) -> @Sendable (InspectionProgress) -> Void {
        let start = ContinuousClock.now
        return { event in
            switch event {
            case .began(let layers, let blocks, let tokens):
                let text = "\(layers) layers in \(blocks) blocks, \(tokens) calibration tokens"
                terminal.progress(text, plain: text)
            case .finished(let layer, let done, let layers):
                let text = ProgressText(
                    done: done, layers: layers, facts: "\(layer.name) \(layer.verdict)",
                    elapsed: start.duration(to: .now) / .seconds(1))
                terminal.progress(text.bar, plain: text.plain)
            }
        }
    }
}
