import AdaDimFormats
import AdaDimLinearAlgebra
import AdaDimPipeline
import AdaDimQuantization
import AdaDimQuantizedMatrices
import AdaDimRecipe
import AdaDimReports
import AdaDimTestSupport
import Foundation
import Testing

/// A format of nothing but limits: layers that it packs stay as the model has them.
private struct StrictFormat: PackedFormat {
    let limits: SchemeLimits

    func size(of scheme: LayerScheme) -> StoredSize {
        StoredSize(dense: .float32, rows: scheme.layout.rows, columns: scheme.layout.columns)
    }

    func planned(for module: String, shape: [Int], type: StoredFloat) -> [PlannedTensor] { [] }

    func write(_ layer: FinishedLayer, to container: any TensorContainer) throws {}

    func configuration(of layers: [ConfiguredLayer]) throws -> [(key: String, value: Data)] { [] }
}

/// What a format can hold is looked at before a run.
@Suite struct FormatLimitTests {
    private func format(_ limits: SchemeLimits) -> ExportFormat {
        ExportFormat(name: "strict", help: "", packing: StrictFormat(limits: limits))
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let limits: SchemeLimits
        var direction = QuantizationOptions.Direction.fixed(.perOutputChannel)
        let text: String
        var testDescription: String { text }
    }

    static let refusals = [
        Refusal(
            limits: SchemeLimits(bits: [8]),
            text: "layer model.layers.0.self_attn.q_proj: strict cannot hold it: it would have 4 bits, expected 8"),
        Refusal(
            limits: SchemeLimits(directions: [.perOutputChannel]), direction: .fixed(.perInputChannel),
            text: "layer model.layers.0.self_attn.q_proj: strict cannot hold it: it would have groups that run per-ic, "
                + "expected per-oc"),
        Refusal(
            limits: SchemeLimits(shortLastGroup: .refused),
            text: "layer model.layers.0.mlp.down_proj: strict cannot hold it: it would have a last group of 4 weights, "
                + "expected whole groups of 8"),
        Refusal(
            limits: SchemeLimits(agreement: .layersOfOneInput), direction: .adaptive(by: .roundToNearest),
            text:
                "layer model.layers.0.self_attn.q_proj: its groups may run per-oc or per-ic, which the run decides layer "
                + "by layer, but strict needs one direction for all layers of an input, stated before the run"),
    ]

    /// The text is not even looked for, and nothing is written.
    @Test(arguments: refusals) func whatAFormatCannotHoldIsRefusedAtOnce(_ refusal: Refusal) throws {
        let scratch = try Scratch()
        var job = try scratch.job("qwen2", samples: 4)
        job.recipe.options.grid.bits = 4
        job.recipe.options.direction = refusal.direction
        job.recipe.format = format(refusal.limits)
        job.calibration = scratch.url.appending(path: "nowhere.txt")
        #expect(errorText { _ = try QuantizeCheckpoint(job).run() } == refusal.text)
        #expect(try scratch.contents == ["qwen2", "tokens.safetensors"])
    }

    /// Where a format holds one direction, a layer that may choose takes it.
    @Test func adaptiveLayersTakeTheFormatsDirection() throws {
        let scratch = try Scratch()
        var job = try scratch.job("qwen2", samples: 4)
        for dimension in ChannelDimension.allCases {
            job.recipe.options.direction = .adaptive(by: .roundToNearest)
            job.recipe.format = format(SchemeLimits(directions: [dimension], agreement: .layersOfOneInput))
            job.output = scratch.url.appending(path: "adaptive-\(dimension.rawValue)")
            let chosen = try QuantizeCheckpoint(job).run()
            #expect(chosen.layers.count == 14 && chosen.layers.allSatisfy { $0.dimension == dimension })
            job.recipe.options.direction = .fixed(dimension)
            job.output = scratch.url.appending(path: "fixed-\(dimension.rawValue)")
            let fixed = try QuantizeCheckpoint(job).run()
            #expect(chosen.layers.map(\.loss.absolute) == fixed.layers.map(\.loss.absolute))
        }
    }
}
