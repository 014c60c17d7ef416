extension Histogram: Figure {
    private var shown: ArraySlice<Series> { series.prefix(SeriesStyle.count) }

    private var isDrawable: Bool {
        range.lowerBound > -400 && range.upperBound < 400 && range.lowerBound < range.upperBound
            && shown.contains { $0.counts.contains { $0 > 0 } }
    }

    var summary: String {
        guard isDrawable else { return "\(NumberText.none)." }
        return shown.map { series in
            let total = series.counts.reduce(0.0) { $0 + Double(max($1, 0)) }
            return
                "\(series.name): \(NumberText.short(total)) in \(FigureText.count(series.counts.count, "bin", "bins"))"
        }.joined(separator: "; ")
            + ", values from \(Tick.power(range.lowerBound)) to \(Tick.power(range.upperBound))."
    }

    func draw(id: String) -> SVGCanvas {
        let (top, bottom) = (30.0, 230.0)
        let most = shown.flatMap(\.counts).max() ?? 0
        let counts = AxisScale.linear(0, Double(max(most, 1)), from: bottom, to: top)
        let frame = PlotFrame(left: PlotFrame.room(for: counts, count: 4), top: top, right: 548, bottom: bottom)
        let legend = Legend(entries: entries, width: 560)
        var canvas = SVGCanvas(id: id, width: 560, height: frame.bottom + 48 + legend.height)
        legend.draw(0, frame.bottom + 44, on: &canvas)
        guard isDrawable else {
            frame.drawNoValue(on: &canvas)
            return canvas
        }
        let values = AxisScale.logarithmic(range.lowerBound, range.upperBound, from: frame.left, to: frame.right)
        frame.drawVerticalAxis(counts, yLabel, on: &canvas, count: 4)
        let along = (frame.left, frame.right)
        for (index, series) in shown.enumerated() {
            let heights = series.counts.map { counts.position(Double(max($0, 0))) }
            if shown.count == 1 {
                canvas.path(ProfilePath.area(heights, base: frame.bottom, along: along), "area s1")
            } else {
                canvas.path(ProfilePath.steps(heights, along: along), SeriesStyle(index).line)
            }
        }
        frame.drawHorizontalAxis(values, xLabel, on: &canvas)
        return canvas
    }

    private var entries: [Legend.Entry] {
        shown.enumerated().map { index, series in
            .init(name: series.name, sign: shown.count == 1 ? .area("area s1") : .line(SeriesStyle(index)))
        }
    }
}
