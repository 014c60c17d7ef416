import AdaDimHTMLReport
import Foundation

/// Layers of a decoder that was never quantized: names, shapes and losses in the proportions that real ones have.
struct SampleModel {
    static let roles = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

    struct Layer {
        let name: String
        let block: Int
        let role: String
        /// [out, in].
        let outputs: Int
        let inputs: Int
        /// Relative losses.
        let perOutput: Double
        let perInput: Double

        var isPerInput: Bool { perInput < perOutput }
        var loss: Double { min(perInput, perOutput) }
    }

    let blocks: Int
    let layers: [Layer]

    init(blocks: Int, hidden: Int, intermediate: Int, keys: Int) {
        self.blocks = blocks
        var numbers = MadeUpNumbers(blocks)
        layers = (0..<blocks).flatMap { block in
            Self.roles.enumerated().map { index, role in
                let depth = Double(block) / Double(max(blocks - 1, 1))
                let perOutput = 0.004 * exp(1.2 * depth + 0.25 * Double(index)) * numbers.lognormal(0.2)
                let ratio = exp((index == 6 ? -0.9 : index == 3 ? -0.3 : 0.5) + 0.45 * numbers.normal())
                return Layer(
                    name: "model.layers.\(block).\(index < 4 ? "self_attn" : "mlp").\(role)", block: block, role: role,
                    outputs: [hidden, keys, keys, hidden, intermediate, intermediate, hidden][index],
                    inputs: index == 6 ? intermediate : hidden, perOutput: perOutput, perInput: perOutput * ratio)
            }
        }
    }

    /// [blocks, roles].
    var ratios: [Double?] { layers.map { $0.perInput / $0.perOutput } }

    func curves(_ role: String) -> DepthCurves {
        let shown = layers.filter { $0.role == role }
        return DepthCurves(
            title: role, caption: "Loss of every \(role) relative to its output’s energy.", yLabel: "relative loss",
            blocks: shown.map(\.block),
            series: [
                .init(name: "GPTQ per-OC", values: shown.map(\.perOutput)),
                .init(name: "GPTQ per-IC", values: shown.map(\.perInput)),
                .init(name: "RTN per-OC", values: shown.map { $0.perOutput * 2.1 }),
                .init(name: "RTN per-IC", values: shown.map { $0.perInput * 1.7 }),
            ])
    }

    /// What each block and role has of the whole, in percent.
    var sensitivities: [Double?] {
        let losses = layers.map { $0.loss * Double($0.outputs) }
        return losses.map { 100 * $0 / losses.reduce(0, +) }
    }
}
