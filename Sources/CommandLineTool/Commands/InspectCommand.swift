import AdaDimInspection
import AdaDimPipeline
import ArgumentParser
import Foundation

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show where a model's activation outliers and its sensitive weights are.",
        usage: "adadim inspect <model> --calibration <file> [<options>]",
        discussion: """
            Runs a calibration text through <model> once, quantizes nothing, and says of every linear layer: how many of \
            its input channels are activation outliers; how much of its sensitivity, w^2/[H^-1]jj, the most sensitive 1 % of \
            the input channels and of the output channels hold; how the channels' largest activations and their \
            sensitivities go together (Spearman's rank correlation); and what RTN and GPTQ lose with groups inside output \
            channels (per-OC) and inside input channels (per-IC), by the plain method (quantize --effort fast).

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
        var layers = calibration.job(model: model)
        method.set(&layers)
        factor.set(&layers.accuracy)
        leavingOut.set(&layers)
        var job = InspectionJob(layers)
        job.thresholds = OutlierThresholds(magnitude: outliers.outlierMagnitude, ratio: outliers.outlierRatio)
        job.report = writing.report.map { URL(argument: $0) }
        job.overwrite = writing.overwrite
        return job
    }

    func run() throws {
        let job = job
        let terminal = machine.begin()
        let report = try AdaDimCommandLineTool.run(on: terminal) { observer, _ in
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

/// From where on a channel counts as an outlier.
struct OutlierArguments: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The least max|x| of an outlier channel; 6 is LLM.int8()'s figure.",
            valueName: "magnitude"))
    var outlierMagnitude = 6.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The least max|x| of an outlier channel over the median channel's.", valueName: "ratio"))
    var outlierRatio = 20.0

    func validate() throws {
        for (value, option) in [(outlierMagnitude, "--outlier-magnitude"), (outlierRatio, "--outlier-ratio")]
        where !(value >= 0 && value.isFinite) {
            throw ValidationError("\(option) is \(value), expected a number of 0 or more")
        }
    }
}

/// Where the figures of an inspection go.
struct InspectionOutputArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The directory to write; appears when it is complete, or not at all. (default: none)",
            valueName: "directory"),
        completion: .directory)
    var report: String?

    @Flag(help: "Replace the directory if it exists and this command wrote it.")
    var overwrite = false

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    @Flag(help: "Print comma-separated values, a line for each layer, instead of a table.")
    var csv = false

    func validate() throws {
        if let report { try refuseEmpty(report, "--report", expected: "a directory to write") }
        if overwrite && report == nil {
            throw ValidationError("--overwrite needs --report, which says what directory to write")
        }
        if json && csv { throw ValidationError("--json and --csv exclude each other") }
    }
}
