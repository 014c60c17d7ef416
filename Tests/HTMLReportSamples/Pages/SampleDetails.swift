import AdaDimHTMLReport
import Foundation

extension SampleModel.Layer {
    /// Every figure of a layer, of made-up values: lognormal magnitudes with a few channels that stand out.
    var details: LayerDetails {
        var numbers = MadeUpNumbers(name.utf8.reduce(0) { $0 &* 31 &+ Int($1) })
        let rootMeanSquare = (0..<inputs).map { _ in 0.4 * numbers.lognormal(0.5) }
        var largest = rootMeanSquare.map { $0 * (4 + 2 * numbers.lognormal(0.3)) }
        let outliers = (0..<(block % 4 * 3)).map { _ in Int.random(in: 0..<inputs, using: &numbers) }
        for channel in outliers { largest[channel] *= 20 * numbers.lognormal(0.5) }
        return LayerDetails(
            verdict: isPerInput
                ? "Per-IC: its loss is \(percent(1 - perInput / perOutput)) below that of per-OC."
                : "Per-OC: its loss is \(percent(1 - perOutput / perInput)) below that of per-IC.",
            facts: [
                .init("Shape", "\(outputs) × \(inputs)"), .init("Relative loss", percent(loss)),
                .init("Loss per-OC", percent(perOutput)), .init("Loss per-IC", percent(perInput)),
                .init("Group size", "128"), .init("Outlier channels", "\(outliers.count)"),
            ],
            figures: [
                .channels(
                    ChannelPlot(
                        title: "Activations by input channel",
                        caption:
                            "Largest magnitude and root mean square of each input channel over the calibration tokens.",
                        largest: largest, rootMeanSquare: rootMeanSquare, outliers: outliers, threshold: 12)),
                .map(map(rootMeanSquare, &numbers)), .histogram(histogram(&numbers)),
            ])
    }

    private func map(_ rootMeanSquare: [Double], _ numbers: inout MadeUpNumbers) -> MatrixMap {
        let (rows, columns) = (min(outputs, 128), min(inputs, 128))
        let rowScales = (0..<rows).map { _ in numbers.lognormal(0.6) }
        let columnScales = (0..<columns).map { pow(rootMeanSquare[$0 * inputs / columns], 2) }
        let values = rowScales.flatMap { row in
            columnScales.map { Float(1e-6 * row * $0 * numbers.lognormal(0.35)) }
        }
        return MatrixMap(
            title: "Sensitivity", caption: "Loss that one step of a weight would cause, the largest of each block.",
            outputs: outputs, inputs: inputs, rows: rows, columns: columns, values: values,
            inputMarginal: columnScales.map { 1e-4 * $0 }, outputMarginal: rowScales.map { 1e-4 * $0 },
            unit: "sensitivity")
    }

    private func histogram(_ numbers: inout MadeUpNumbers) -> Histogram {
        func counts(_ center: Double) -> [Int] {
            (0..<64).map { bin in
                let distance = (-9 + 9 * (Double(bin) + 0.5) / 64 - center) / 0.9
                return Int(Double(outputs * inputs) / 30 * exp(-distance * distance / 2) * numbers.lognormal(0.04))
            }
        }
        return Histogram(
            title: "Distribution of sensitivities", caption: "All weights of the layer, and those of outlier channels.",
            xLabel: "sensitivity", yLabel: "weights", range: -9...0,
            series: [
                .init(name: "all weights", counts: counts(-5.5)),
                .init(name: "outlier channels", counts: counts(-3).map { $0 / 3 }),
            ])
    }

    private func percent(_ share: Double) -> String { String(format: "%.2f %%", 100 * share) }
}
