import AdaDimPipeline
import AdaDimQuantization
import Foundation

/// What is said of a layer as soon as it is done.
struct ProgressText {
    let done: Int
    let layers: Int
    let layer: QuantizationReport.Layer
    let elapsed: Double

    /// Time left if the layers to come take as long as those done.
    private var secondsLeft: Double { elapsed / Double(max(done, 1)) * Double(layers - done) }

    private var facts: String {
        "\(layer.name) \(layer.dimension.rawValue), loss \(percent(layer.loss.relative))"
    }

    /// One line with a bar.
    var bar: String {
        let width = 20
        let filled = width * done / max(layers, 1)
        let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled)
        return "\(bar) \(done)/\(layers) · \(duration(secondsLeft)) left · \(facts)"
    }

    var plain: String { "[\(done)/\(layers)] \(facts), \(duration(secondsLeft)) left" }
}

/// A share as a person reads it, three significant digits.
package func percent(_ share: Double) -> String { "\(significant(100 * share, 3)) %" }

/// A number with so many significant digits.
package func significant(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)g", value) }

package func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
}
