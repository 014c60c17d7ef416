extension ChannelPlot: Figure {
    /// Outliers that get their number.
    private static let labelled = 5

    var summary: String {
        let names = outliers.prefix(Self.labelled).map { "\($0.channel) (\(NumberText.short($0.value)))" }
        let outlierText =
            outliers.isEmpty
            ? "No outliers."
            : "\(FigureText.count(outliers.count, "outlier", "outliers")), the largest \(names.joined(separator: ", "))."
        return "\(FigureText.count(largest.count, "input channel", "input channels")); largest value "
            + "\(FigureText.extent(largest.values, log: true)), root mean square "
            + "\(FigureText.extent(rootMeanSquare.values, log: true)). \(outlierText)"
    }

    func draw(id: String) -> SVGCanvas {
        let (top, bottom) = (40.0, 260.0)
        let values = largest.values + rootMeanSquare.values + [threshold].compactMap(\.self)
        let scale = AxisScale.logarithmic(over: values, from: bottom, to: top)
        let frame = PlotFrame(left: PlotFrame.room(for: scale), top: top, right: 548, bottom: bottom)
        let legend = Legend(entries: entries, width: 560)
        var canvas = SVGCanvas(id: id, width: 560, height: frame.bottom + 48 + legend.height)
        legend.draw(0, frame.bottom + 44, on: &canvas)
        guard let scale, largest.count > 0 else {
            frame.drawNoValue(on: &canvas)
            return canvas
        }
        let channels = AxisScale.linear(0, Double(largest.count), from: frame.left, to: frame.right)
        frame.drawVerticalAxis(scale, "magnitude of the activations", on: &canvas)
        frame.drawHorizontalAxis(channels, "input channel", on: &canvas)
        let along = (frame.left, frame.right)
        canvas.path(
            ProfilePath.area(rootMeanSquare.values.map(scale.position), base: frame.bottom, along: along), "area s2")
        canvas.path(ProfilePath.steps(largest.values.map(scale.position), along: along), "step s1")
        if let y = threshold.flatMap(scale.position) { canvas.line(frame.left, y, frame.right, y, "threshold") }
        drawOutliers(channels, scale, frame, on: &canvas)
        return canvas
    }

    private var entries: [Legend.Entry] {
        var entries = [
            Legend.Entry(name: "largest", sign: .path("step s1")),
            Legend.Entry(name: "root mean square", sign: .area("area s2")),
        ]
        if threshold.map({ $0.isFinite && $0 > 0 }) ?? false {
            entries.append(.init(name: "threshold \(NumberText.short(threshold ?? 0))", sign: .path("threshold")))
        }
        if !outliers.isEmpty {
            entries.append(.init(name: FigureText.count(outliers.count, "outlier", "outliers"), sign: .dot))
        }
        return entries
    }

    /// A dot on every outlier, and the numbers of the largest, each where no other's is.
    private func drawOutliers(
        _ channels: AxisScale, _ scale: AxisScale, _ frame: PlotFrame, on canvas: inout SVGCanvas
    ) {
        var (dots, leaders) = (PathText(), PathText())
        var labels: [(text: String, x: Double, y: Double)] = []
        var taken: [(from: Double, to: Double, y: Double)] = []
        for (index, outlier) in outliers.enumerated() {
            guard let y = scale.position(outlier.value), let x = channels.position(Double(outlier.channel) + 0.5) else {
                continue
            }
            // Dots that would hide each other say nothing more and take room.
            if index < 256 {
                dots.move(to: x - 2.5, y)
                dots.append(relative: "a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0z")
            }
            guard index < Self.labelled else { continue }
            let text = NumberText.integer(outlier.channel)
            let width = TextWidth.of(text)
            let middle = min(max(x, frame.left + width / 2 + 2), frame.right - width / 2)
            let (from, to) = (middle - width / 2 - 3, middle + width / 2 + 3)
            let free = (0..<6).map { y - 8 - 13 * Double($0) }.first { baseline in
                baseline > frame.top - 10
                    && !taken.contains { $0.from < to && from < $0.to && abs($0.y - baseline) < 13 }
            }
            guard let free else { continue }
            if free < y - 8 {
                leaders.move(to: x, y - 4)
                leaders.line(to: x, free + 2)
            }
            taken.append((from, to, free))
            labels.append((text, middle, free))
        }
        canvas.path(leaders, "axis")
        canvas.path(dots, "mark")
        for (text, x, y) in labels { canvas.text(text, x, y, .middle, style: "point") }
    }
}
