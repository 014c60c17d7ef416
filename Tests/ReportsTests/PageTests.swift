import AdaDimCheckpoint
import AdaDimHTMLReport
import AdaDimInspection
import AdaDimLinearAlgebra
import AdaDimPipeline
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRecipe
import AdaDimReports
import AdaDimTestSupport
import Foundation
import Testing

/// What the pages show is what the reports say.
@Suite struct PageTests {
    private func job(_ scratch: Scratch) throws -> QuantizationJob {
        let model = try scratch.copyOfModel("llama")
        let vocabulary = try Checkpoint(directory: model).configuration.vocabularySize
        var job = QuantizationJob(
            model: model, output: scratch.url.appending(path: "out"),
            calibration: try scratch.text(vocabulary: vocabulary), recipe: ModelRecipe(.fast))
        job.recipe.options.grid.groupSize = 8
        job.recipe.sampling.samples = 12
        job.recipe.sampling.sequenceLength = 16
        job.recipe.options.grid.bits = 3
        return job
    }

    private static let roles = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

    private func relative(
        _ losses: [String: QuantizationReport.DirectionLosses], _ dimension: ChannelDimension, gptq: Bool
    ) -> Double? {
        let found = losses[dimension.rawValue]
        return (gptq ? found?.gptq : found?.rtn)?.relative
    }

    @Test func inspectionPageShowsItsReport() throws {
        let scratch = try Scratch()
        let report = try InspectCheckpoint(InspectionJob(job(scratch))).run()
        let page = InspectionPage(report, isDetailed: false).page
        let title = { (map: DepthRoleMap) in map.title }
        #expect(
            page.maps.map(title) == [
                "Loss per-IC over per-OC, RTN", "Loss per-IC over per-OC, GPTQ",
                "Sensitivity in the top 1 % of the input channels",
                "Sensitivity in the top 1 % of the output channels", "Largest activation over the median channel's",
            ])
        // Layers come block by block, roles in the maps' order.
        for (index, layer) in report.layers.enumerated() {
            #expect(layer.name.hasSuffix(Self.roles[index % 7]))
            for (map, gptq) in zip(page.maps, [false, true]) {
                let ic = try #require(relative(layer.losses, .perInputChannel, gptq: gptq))
                let oc = try #require(relative(layer.losses, .perOutputChannel, gptq: gptq))
                #expect(map.values[index] == ic / oc)
                // Each map's dots are its own method's.
                #expect(map.marks[index] == (ic < oc))
            }
            let found = try #require(layer.sensitivity(.inverseHessian))
            #expect(page.maps[2].values[index] == 100 * found.topInputs.share)
            #expect(page.maps[3].values[index] == 100 * found.topOutputs.share)
            let input = report.inputs[layer.input]
            #expect(page.maps[4].values[index] == input.largest / input.medianLargest)

            let row = page.rows[index]
            #expect(row.name == layer.name && row.block == index / 7 && row.role == Self.roles[index % 7])
            #expect(row.direction == (layer.dimension == .perInputChannel ? "per-IC" : "per-OC"))
            let keys = Dictionary(uniqueKeysWithValues: zip(page.columns.map(\.title), row.cells.map(\.sortKey)))
            #expect(keys["max|x|"] == input.largest && keys["Outliers"] == Double(input.outliers.count))
            #expect(keys["Top in"] == found.topInputs.share && keys["Top out"] == found.topOutputs.share)
            #expect(keys["RTN per-OC"] == relative(layer.losses, .perOutputChannel, gptq: false))
            #expect(keys["RTN per-IC"] == relative(layer.losses, .perInputChannel, gptq: false))
            #expect(keys["GPTQ per-OC"] == relative(layer.losses, .perOutputChannel, gptq: true))
            #expect(keys["GPTQ per-IC"] == relative(layer.losses, .perInputChannel, gptq: true))
        }
        // A curve for every variant of every role.
        #expect(page.curves.map(\.title) == Self.roles)
        for (role, curves) in page.curves.enumerated() {
            #expect(curves.series.map(\.name) == ["RTN per-OC", "RTN per-IC", "GPTQ per-OC", "GPTQ per-IC"])
            for block in 0..<2 {
                let losses = report.layers[block * 7 + role].losses
                #expect(curves.series[0].values[block] == relative(losses, .perOutputChannel, gptq: false))
                #expect(curves.series[3].values[block] == relative(losses, .perInputChannel, gptq: true))
            }
        }
        #expect(page.bars[0].bars.map(\.value) == report.totals.parts.all.map(\.seconds))
    }

    @Test func detailsShowTheirLayer() throws {
        var state: UInt64 = 1
        let inputs = Matrix<Float>(rows: 30, columns: 90) { i, _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return (Float(state >> 40) / 16_777_216 - 0.5) * (i == 11 ? 400 : 1)
        }
        var moments = ActivationMoments(channels: 30)
        inputs.withView { moments.accumulate($0) }
        var gram = try Gram<Float>(order: 30)
        try gram.accumulate(inputs)
        let options = QuantizationOptions(.fast) {
            $0.grid.bits = 3
            $0.grid.groupSize = 8
        }
        let thresholds = OutlierThresholds()
        let input = try InspectedInput(taking: &gram, moments.figures, thresholds: thresholds, options: options)
        let weight = Matrix<Float>(rows: 20, columns: 30) { Float(($0 * 7 + $1 * 5) % 13) - 6 }
        let layer = try LayerInspection(of: weight, input, options: options)
        let entry = InspectionReport.Layer(LinearLayer.llama("q_proj"), layer, input: 0)
        let details = LayerDetails(entry, layer, input, thresholds)
        #expect(details.verdict == entry.verdict && input.outliers == [11])
        guard case .channels(let channels) = details.figures[0], case .map(let map) = details.figures[1],
            case .histogram(let histogram) = details.figures[2]
        else {
            Issue.record("other figures: \(details.figures)")
            return
        }
        // Fewer channels than bins: nothing is reduced.
        #expect(channels.largest.values == input.activations.largestMagnitude)
        #expect(channels.rootMeanSquare.values == input.activations.rootMeanSquare)
        #expect(channels.outliers.map(\.channel) == [11])
        #expect(channels.threshold == thresholds.least(median: input.activations.medianOfLargest))
        let sensitivity = layer.sensitivity(.inverseHessian)
        #expect(map.inputMarginal.values == sensitivity.inputs && map.outputMarginal.values == sensitivity.outputs)
        #expect(map.values == layer.map.values)
        #expect(histogram.series.map(\.name) == ["per-OC", "per-IC"])
        #expect(histogram.series.map(\.counts) == ChannelDimension.allCases.map { layer.groupErrors.counts[$0] ?? [] })
    }

    @Test func quantizationPageShowsItsReport() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        for selection in QuantizationOptions.Selection.allCases {
            job.recipe.options.direction.selection = selection
            job.overwrite = true
            let report = try QuantizeCheckpoint(job).run()
            #expect(report.files.contains("quantization-report.html"))
            let file = job.output.appending(path: "quantization-report.html")
            #expect(try String(contentsOf: file, encoding: .utf8).contains("model.layers.1.mlp.down_proj"))
            let page = QuantizationPage(report).page
            // What the choice compared, and what came of it.
            #expect(page.maps.count == 2)
            for (index, layer) in report.layers.enumerated() {
                let gptq = selection == .sweep
                let ic = try #require(relative(layer.losses, .perInputChannel, gptq: gptq))
                let oc = try #require(relative(layer.losses, .perOutputChannel, gptq: gptq))
                #expect(page.maps[0].values[index] == ic / oc)
                #expect(page.maps[0].marks[index] == (layer.dimension == .perInputChannel))
                #expect(page.maps[1].values[index] == layer.loss.relative)
                let keys = Dictionary(
                    uniqueKeysWithValues: zip(page.columns.map(\.title), page.rows[index].cells.map(\.sortKey)))
                #expect(keys["Loss"] == layer.loss.relative && keys["Seconds"] == layer.seconds.total)
                #expect(keys["IC / OC"] == ic / oc)
            }
            for (role, curves) in page.curves.enumerated() {
                let last = try #require(curves.series.last)
                #expect(last.name == "as quantized")
                #expect(last.values == (0..<2).map { report.layers[$0 * 7 + role].loss.relative })
            }
            let facts = Dictionary(uniqueKeysWithValues: page.facts.map { ($0.name, $0.value) })
            // More than users see under a sanitizer, and minutes rather than seconds.
            #expect(facts["Peak memory"]?.hasSuffix("B") == true && facts["Time"]?.hasSuffix(" s") == true)
        }
    }

    @Test func whatIsUnusualIsNoted() throws {
        let scratch = try Scratch()
        var job = try job(scratch)
        // Dependent inputs and next to no damping: raised somewhere in 16-token batches of one sequence.
        job.recipe.sampling.samples = 1
        job.recipe.sampling.sequenceLength = 4
        job.recipe.options.factor.damping = 1e-12
        job.recipe.options.factor.activationOrder = true
        job.recipe.options.grid.isSymmetric = true
        let inspected = try InspectCheckpoint(InspectionJob(job)).run()
        #expect(inspected.inputs.contains { !$0.dampingRaises.isEmpty })
        let quantized = try QuantizeCheckpoint(job).run()
        #expect(quantized.layers.contains { !$0.dampingRaises.isEmpty })
        for page in [InspectionPage(inspected, isDetailed: false).page, QuantizationPage(quantized).page] {
            #expect(page.notes.contains { $0.hasPrefix("Damping was raised") && $0.contains("model.layers.") })
            #expect(page.facts.contains { $0.name == "With" && $0.value == "symmetric grids, act-order" })
        }
    }
}
