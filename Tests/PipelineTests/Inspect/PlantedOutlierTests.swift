import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimInspection
import AdaDimLinearAlgebra
import AdaDimPipeline
import AdaDimQuantization
import AdaDimRecipe
import AdaDimReports
import AdaDimSafetensors
import AdaDimTestSupport
import Foundation
import Testing

/// Outlier channels planted in the bundled model are found, and decide the direction. A norm's weight makes the channels
/// of its layers' input; what is taken off those columns again decides whether the function changes.
@Suite struct PlantedOutlierTests {
    /// Where, and which channels of 256.
    private static let plantings: [(norm: String, roles: [String], block: Int, channels: [Int])] = [
        ("input_layernorm", ["q_proj", "k_proj", "v_proj"], 1, [17, 200]),
        ("post_attention_layernorm", ["gate_proj", "up_proj"], 3, [64, 65, 131]),
    ]

    private struct Inspected {
        let report: InspectionReport
        let channels: SafetensorsFile

        func layers(_ roles: [String], block: Int) -> [InspectionReport.Layer] {
            let names = roles.map { LinearLayer.llama($0, block: block).moduleName }
            return report.layers.filter { names.contains($0.name) }
        }

        /// w²·Hⱼⱼ summed over the outputs.
        func sensitivities(_ layer: InspectionReport.Layer) throws -> [Double] {
            try channels.withBytes(of: "\(layer.name).sensitivity.hessian_diagonal.inputs") {
                Array($0.bindMemory(to: Double.self))
            }
        }
    }

    /// (a) The function changes: norm ×100, columns ÷10.
    @Test func outliersThatMatterAreFoundAndDecide() throws {
        let scratch = try Scratch()
        let plain = try inspected(scratch, "plain", up: 1, down: 1)
        #expect(plain.report.inputs.allSatisfy { $0.outliers.isEmpty })
        let planted = try inspected(scratch, "planted", up: 100, down: 10)
        for (_, roles, block, channels) in Self.plantings {
            for layer in planted.layers(roles, block: block) {
                #expect(planted.report.inputs[layer.input].outliers.map(\.channel) == channels)
                let marginal = try planted.sensitivities(layer)
                let peaks = marginal.indices.sorted { marginal[$0] > marginal[$1] }.prefix(channels.count)
                #expect(peaks.sorted() == channels)
                #expect(layer.dimension == .perInputChannel)
                #expect(layer.dimensionByRoundToNearest == .perInputChannel)
            }
        }
        // Outliers there and nowhere else.
        let found = planted.report.inputs.filter { !$0.outliers.isEmpty }
        #expect(found.count == Self.plantings.count)
    }

    /// (b) The function stays: norm ×30, columns ÷30.
    @Test func outliersWithoutEffectAreFoundAndDecide() throws {
        let scratch = try Scratch()
        let plain = try inspected(scratch, "plain", up: 1, down: 1)
        let planted = try inspected(scratch, "planted", up: 30, down: 30)
        for (_, roles, block, channels) in Self.plantings {
            for (before, layer) in zip(plain.layers(roles, block: block), planted.layers(roles, block: block)) {
                #expect(planted.report.inputs[layer.input].outliers.map(\.channel) == channels)
                #expect(layer.dimension == .perInputChannel)
                #expect(layer.dimensionByRoundToNearest == .perInputChannel)
                // x·30 and w/30 are each rounded once, both squared: 4·eps; the model's other roundings, which differ
                // between the two passes, come on top, a few eps a block.
                let bound = 64 * Double(Float.ulpOfOne)
                for (a, b) in zip(try plain.sensitivities(before), try planted.sensitivities(layer)) {
                    #expect(abs(a - b) <= bound * a)
                }
            }
        }
        #expect(planted.report.inputs.count { !$0.outliers.isEmpty } == Self.plantings.count)
    }

    /// And `quantize`, which sees the same, chooses so.
    @Test(arguments: [(100, 10), (30, 30)] as [(Float, Float)])
    func quantizingChoosesPerInputChannel(_ factors: (up: Float, down: Float)) throws {
        let scratch = try Scratch()
        let model = try write(scratch, "planted", up: factors.up, down: factors.down)
        for selection in QuantizationOptions.Selection.allCases {
            var job = job(model, output: scratch.url.appending(path: selection.rawValue))
            job.recipe.options.direction.selection = selection
            let report = try QuantizeCheckpoint(job).run()
            for (_, roles, block, _) in Self.plantings {
                let names = roles.map { LinearLayer.llama($0, block: block).moduleName }
                let layers = report.layers.filter { names.contains($0.name) }
                #expect(layers.count == roles.count && layers.allSatisfy { $0.dimension == .perInputChannel })
            }
        }
    }

    private func inspected(_ scratch: Scratch, _ name: String, up: Float, down: Float) throws -> Inspected {
        var job = InspectionJob(job(try write(scratch, name, up: up, down: down)))
        let directory = scratch.url.appending(path: name + "-report")
        job.report = directory
        let report = try InspectCheckpoint(job).run()
        return Inspected(
            report: report,
            channels: try SafetensorsFile(path: directory.appending(path: "channels.safetensors").path))
    }

    private static let bundled = Repository.bundledModel

    private func job(_ model: URL, output: URL? = nil) -> QuantizationJob {
        var job = QuantizationJob(
            model: model, output: output, calibration: Self.bundled.appending(path: "texts/calibration.txt"),
            recipe: ModelRecipe(.fast))
        job.recipe.options.grid.bits = 3
        job.recipe.options.grid.groupSize = 64
        job.recipe.sampling.samples = 8
        job.recipe.sampling.sequenceLength = 128
        return job
    }

    /// The bundled model in float32, where 30 and 1/30 lose next to nothing, with outliers planted.
    private func write(_ scratch: Scratch, _ name: String, up: Float, down: Float) throws -> URL {
        let directory = scratch.url.appending(path: name)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for file in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
            try FileManager.default.copyItem(
                at: Self.bundled.appending(path: file), to: directory.appending(path: file))
        }
        let source = try SafetensorsFile(path: Self.bundled.appending(path: "model.safetensors").path)
        let writer = try SafetensorsWriter(
            path: directory.appending(path: "model.safetensors").path,
            headerCapacity: SafetensorsWriter.headerCapacity(
                for: source.tensors.map { ($0.name, TensorElementType.float32, $0.shape) }))
        for tensor in source.tensors {
            var values = try source.withBytes(of: tensor.name) { bytes in
                bytes.bindMemory(to: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
            }
            for (norm, roles, block, channels) in Self.plantings {
                if tensor.name == "model.layers.\(block).\(norm).weight" { for c in channels { values[c] *= up } }
                if roles.contains(where: { LinearLayer.llama($0, block: block).weightName == tensor.name }) {
                    for row in 0..<tensor.shape[0] { for c in channels { values[row * tensor.shape[1] + c] /= down } }
                }
            }
            try writer.begin(tensor.name, .float32, shape: tensor.shape)
            try writer.append(values)
        }
        try writer.finish()
        return directory
    }
}
