import AdaDimQuantization
import AdaDimReports
import Foundation

/// The message about a layer when it is finished.
struct ProgressText {
    let done: Int
    let layers: Int
    /// The layer's name and its result.
    let facts: String
    let elapsed: Double

    /// Time left if the layers to come take as long as those done.
    private var secondsLeft: Double { elapsed / Double(max(done, 1)) * Double(layers - done) }

    /// One line with a bar.
    var bar: String {
        let width = 20
        let filled = width * done / max(layers, 1)
        let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled)
        return "\(bar) \(done)/\(layers) · \(duration(secondsLeft)) left · \(facts)"
    }

    var plain: String { "[\(done)/\(layers)] \(facts), \(duration(secondsLeft)) left" }
}

extension ProgressText {
    /// Of a quantized layer: its direction and what it loses.
    init(done: Int, layers: Int, layer: QuantizationReport.Layer, elapsed: Double) {
        self.init(
            done: done, layers: layers,
            facts: "\(layer.name) \(layer.dimension.rawValue), "
                + (layer.loss.relative.map { "loss \(percent($0))" } ?? "no output to lose"), elapsed: elapsed)
    }
}

/// Where the time went, the largest part first; what rounds to nothing is left out.
func shares(_ parts: [(name: String, seconds: Double)], of total: Double) -> String {
    parts.map { (name: $0.name, percent: Int((100 * $0.seconds / max(total, 1e-9)).rounded())) }
        .filter { $0.percent > 0 }
        .sorted { $0.percent > $1.percent }
        .map { "\($0.name) \($0.percent) %" }
        .joined(separator: ", ")
}
