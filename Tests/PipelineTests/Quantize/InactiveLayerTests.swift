import AdaDimCheckpoint
import AdaDimPipeline
import AdaDimQuantization
import AdaDimRecipe
import AdaDimReports
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Logging
import Synchronization
import Testing

/// A model in which one layer after another sees nothing but zeros: the down projection after a gate of zeros, and all of an
/// attention after a norm of zeros.
@Suite struct InactiveLayerTests {
    private static let silenced = [
        "model.layers.0.mlp.down_proj", "model.layers.1.self_attn.q_proj", "model.layers.1.self_attn.k_proj",
        "model.layers.1.self_attn.v_proj", "model.layers.1.self_attn.o_proj",
    ]

    /// A weight of zeros, which has no output to be a share of either.
    private static let zeroed = "model.layers.0.mlp.gate_proj"

    private func job(_ scratch: Scratch) throws -> QuantizationJob {
        let model = try scratch.copyOfModel("llama")
        let checkpoint = try Checkpoint(directory: model)
        for name in ["model.layers.0.mlp.gate_proj.weight", "model.layers.1.input_layernorm.weight"] {
            let location = try checkpoint.location(of: name)
            let range = location.entry.byteRange
            let handle = try FileHandle(forUpdating: URL(filePath: location.file.path))
            try handle.seek(toOffset: UInt64(range.lowerBound))
            try handle.write(contentsOf: [UInt8](repeating: 0, count: range.count))
            try handle.close()
        }
        var job = QuantizationJob(
            model: model, output: scratch.url.appending(path: "out"),
            calibration: try scratch.text(vocabulary: checkpoint.configuration.vocabularySize),
            recipe: ModelRecipe(.fast))
        job.recipe.options.grid.groupSize = 8
        job.recipe.sampling.samples = 6
        job.recipe.sampling.sequenceLength = 16
        return job
    }

    private func text(_ url: URL) throws -> String { try String(contentsOf: url, encoding: .utf8) }

    private static let methods: [(QuantizationOptions.Method, Effort?, QuantizationOptions.Direction)] = [
        (.gptq, .fast, .adaptive(by: .roundToNearest)), (.gptq, .balanced, .adaptive(by: .roundToNearest)),
        (.gptq, .best, .fixed(.perInputChannel)),
        (.roundToNearest, nil, .adaptive(by: .roundToNearest)),
    ]

    @Test(arguments: methods.indices)
    func theRunGoesOn(_ index: Int) throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        let (method, effort, dimension) = Self.methods[index]
        (job.recipe.options.method, job.recipe.options.direction) = (method, dimension)
        if let effort { job.recipe.apply(effort) }
        let messages = Mutex<[String]>([])
        let log = Logger(label: "test") { _ in Listener { message in messages.withLock { $0.append(message) } } }
        let report = try QuantizeCheckpoint(job, log: log).run()
        for layer in report.layers {
            let isSilenced = Self.silenced.contains(layer.name)
            #expect(layer.isInactive == isSilenced, "\(layer.name)")
            guard isSilenced else {
                #expect((layer.loss.relative ?? 0 > 0) == (layer.name != Self.zeroed), "\(layer.name)")
                #expect(layer.inactiveInputs == 0 && layer.loss.relative != 0, "\(layer.name)")
                continue
            }
            #expect(layer.loss.absolute == 0 && layer.loss.relative == nil && layer.outputEnergy == 0)
            #expect(layer.inactiveInputs == layer.shape[1])
            #expect(layer.dimension == (dimension.isAdaptive ? .perOutputChannel : .perInputChannel))
        }
        let shares = report.layers.compactMap(\.loss.relative)
        #expect(shares.count == report.layers.count - Self.silenced.count - 1)
        #expect(report.totals.meanRelativeLoss == shares.reduce(0, +) / Double(shares.count))
        let notices = messages.withLock { $0.filter { $0.contains("was ever active: rounded to nearest") } }
        #expect(notices.count == 3 && notices[0].hasPrefix("model.layers.0.mlp.down_proj: none of the "), "\(notices)")
        #expect(
            notices.count == 3
                && notices[1].hasPrefix("model.layers.1.self_attn.q_proj and 2 more with its inputs: none"))
        let page = try text(job.output.appending(path: QuantizationReport.pageName))
        #expect(
            page.contains(
                "All columns are dead: rounded to nearest; the loss is zero on this text, and unknown on another:  \(Self.silenced[0])"
            ))
        let json = try text(job.output.appending(path: QuantizationReport.fileName))
        #expect(json.contains("\"relative\" : null"))
        _ = try JSONDecoder().decode(QuantizationReport.self, from: Data(json.utf8))
    }

    @Test func anInspectionGoesOn() throws {
        let scratch = try Scratch()
        var job = InspectionJob(try job(scratch))
        let directory = scratch.url.appending(path: "report")
        job.report = directory
        let report = try InspectCheckpoint(job).run()
        for layer in report.layers where Self.silenced.contains(layer.name) {
            #expect(
                report.inputs[layer.input].inactiveInputs == layer.shape[1] && report.inputs[layer.input].largest == 0)
            #expect(
                layer.verdict == "per-OC: there is no output on this text, so nothing is lost" && layer.lossRatio == nil
            )
            for losses in layer.losses.values {
                for loss in [losses.rtn, losses.gptq] { #expect(loss?.absolute == 0 && loss?.relative == nil) }
            }
            for figures in layer.sensitivities.values {
                #expect(figures.topInputs.share == 0 && figures.topOutputs.share == 0 && figures.rankCorrelation == nil)
            }
        }
        #expect(report.layers.count { $0.verdict.contains("there is no output") } == Self.silenced.count + 1)
        let page = try text(directory.appending(path: InspectionReport.pageName))
        #expect(page.contains("All columns are dead") && !page.contains("nan\"") && !page.contains("NaN,"))
        let table = try text(directory.appending(path: "layers.csv")).split(separator: "\n")
        #expect(table.contains { $0.hasPrefix("\(Self.silenced[0]),") && $0.contains(",,,,,0,0.0,0.0,") }, "\(table)")
        _ = try JSONDecoder().decode(
            InspectionReport.self, from: Data(contentsOf: directory.appending(path: InspectionReport.fileName)))
    }

    @Test func strictnessIsRequested() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        job.recipe.options.factor.refusesInactiveLayers = true
        let messages = Mutex<[String]>([])
        let log = Logger(label: "test") { _ in Listener { message in messages.withLock { $0.append(message) } } }
        func refusal(_ run: () throws -> Void) -> String {
            do {
                try run()
                return "nothing was thrown"
            } catch {
                return "\(error)"
            }
        }
        let inputs = try Checkpoint(directory: job.model).configuration.intermediateSize
        let expected =
            "model.layers.0.mlp.down_proj: all \(inputs) inputs are inactive: the Gram matrix of \(6 * 16) tokens is zero"
        #expect(refusal { _ = try QuantizeCheckpoint(job, log: log).run() } == expected)
        #expect(refusal { _ = try InspectCheckpoint(InspectionJob(job), log: log).run() } == expected)
        #expect(messages.withLock { $0.allSatisfy { !$0.contains("rounded plainly") } })
    }
}

/// Hands on what is logged.
private struct Listener: LogHandler {
    let hear: @Sendable (String) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(_ hear: @escaping @Sendable (String) -> Void) { self.hear = hear }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { hear("\(event.message)") }
}
