import Foundation
import Results

/// The tool on a real model of 135M parameters: 3 bits, groups of 64, adaptive, 32 × 512 calibration tokens.
struct EndToEnd: Sendable {
    static let work = "smollm2 end to end"
    private static let (samples, length) = (32, 512)

    private let tool: URL
    private let model: URL
    private let calibration: URL
    let flops: Double

    /// What the flops depend on, in the model's config.json.
    private struct Configuration: Decodable {
        let hiddenSize: Int
        let intermediateSize: Int
        let numHiddenLayers: Int
        let numAttentionHeads: Int
        let numKeyValueHeads: Int
    }

    /// - Parameters:
    ///   - repository: root of AdaDim's sources, with a release build.
    ///   - model: directory of the model.
    init(repository: URL, model: URL) throws {
        tool = repository.appending(path: ".build/release/adadim")
        calibration = repository.appending(path: "Models/jargon-6m/texts/calibration.txt")
        self.model = model
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let config = try decoder.decode(
            Configuration.self, from: Data(contentsOf: model.appending(path: "config.json")))
        flops = Self.flops(config)
    }

    private static func flops(_ config: Configuration) -> Double {
        let (hidden, wide) = (config.hiddenSize, config.intermediateSize)
        let keyValue = hidden / config.numAttentionHeads * config.numKeyValueHeads
        let layers =
            [hidden, keyValue, keyValue, hidden, wide, wide].map { LayerShape(rows: $0, inputs: hidden) }
            + [LayerShape(rows: hidden, inputs: wide)]
        let tokens = samples * length
        // Four inputs, a factor for each; every layer swept once and compared with ‖WX‖².
        let grams = [hidden, hidden, hidden, wide].reduce(0.0) {
            $0 + Flops.gram(inputs: $1, tokens: tokens) + Flops.factor(inputs: $1)
        }
        let sweeps = layers.reduce(0.0) { $0 + 2 * Flops.sweep($1) }
        let weights = layers.reduce(0) { $0 + $1.rows * $1.inputs }
        // Each query meets half of its sequence on average: a product with the keys and one with the values.
        let attention = 2 * 2 * Double(tokens) * Double(length / 2) * Double(hidden)
        let forward = 2 * Double(tokens) * Double(weights) + attention
        // Nothing reads the output of the last block's down projection.
        let unneeded = 2 * Double(tokens) * Double(hidden * wide)
        return Double(config.numHiddenLayers) * (grams + sweeps + forward) - unneeded
    }

    /// What one run of the tool took and lost.
    struct Run {
        let seconds: Double
        let meanRelativeLoss: Double
    }

    /// What is read of the tool's report.
    private struct ToolReport: Decodable {
        struct Totals: Decodable {
            let meanRelativeLoss: Double
        }

        let totals: Totals
    }

    /// Runs the tool once, by the wall clock.
    func run(threads: Int) throws -> Run {
        let output = FileManager.default.temporaryDirectory.appending(path: "adadim-benchmark-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: output) }
        let start = ContinuousClock.now
        try Command.run(
            tool,
            [
                "quantize", model.path, output.path, "--effort", "fast", "--calibration", calibration.path, "--bits",
                "3", "--group-size",
                "64", "--samples", "\(Self.samples)", "--sequence-length", "\(Self.length)", "--threads", "\(threads)",
                "--quiet",
            ])
        let seconds = start.duration(to: .now).seconds
        let report = try Data(contentsOf: output.appending(path: "quantization-report.json"))
        let totals = try JSONDecoder().decode(ToolReport.self, from: report).totals
        return Run(seconds: seconds, meanRelativeLoss: totals.meanRelativeLoss)
    }

    /// The model, written beside the build by the script that the tests use, if a Python with its weights is there.
    static func model(repository: URL) -> URL? {
        let directory = repository.appending(path: "Benchmarks/.build/smollm2")
        if FileManager.default.fileExists(atPath: directory.appending(path: "config.json").path) { return directory }
        let script = repository.appending(path: "Tests/RealModel/smollm2.py")
        for python in Command.pythons(repository: repository)
        where (try? Command.run(python, [script.path, directory.path], quiet: true)) != nil {
            return directory
        }
        return nil
    }
}
