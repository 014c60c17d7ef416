extension DepthCurves: Figure {
    private var shown: ArraySlice<Series> { series.prefix(SeriesStyle.count) }

    private func value(_ series: Series, _ index: Int) -> Double? {
        index < series.values.count ? series.values[index] : nil
    }

    var summary: String {
        "\(FigureText.count(shown.count, "series", "series")) over \(FigureText.count(blocks.count, "block", "blocks")). "
            + shown.map { "\($0.name): \(FigureText.extent($0.values.compactMap(\.self), log: true))" }
            .joined(separator: "; ") + "."
    }

    func draw(id: String) -> SVGCanvas {
        let width = 360.0
        let legend = Legend(
            entries: shown.enumerated().map { .init(name: $1.name, sign: .markedLine(SeriesStyle($0))) }, width: width)
        let (top, bottom) = (24.0, 204.0)
        let values = shown.flatMap { $0.values.prefix(blocks.count).compactMap(\.self) }
        let scale = AxisScale.logarithmic(over: values, from: bottom, to: top)
        let frame = PlotFrame(left: PlotFrame.room(for: scale, count: 4), top: top, right: width - 8, bottom: bottom)
        var canvas = SVGCanvas(id: id, width: width, height: frame.bottom + 52 + legend.height)
        legend.draw(0, frame.bottom + 48, on: &canvas)
        guard let scale, !blocks.isEmpty else {
            frame.drawNoValue(on: &canvas)
            return canvas
        }
        let axis = BlockAxis(blocks: blocks, left: frame.left, step: frame.width / Double(blocks.count))
        frame.drawVerticalAxis(scale, yLabel, on: &canvas, count: 4)
        frame.drawHorizontalTicks(axis.ticks, "block", on: &canvas)
        for (index, series) in shown.enumerated() {
            draw(series, SeriesStyle(index), axis, scale, on: &canvas)
        }
        return canvas
    }

    /// A line that breaks where there is no value, and markers, on every point where there are few of them or it stands alone.
    private func draw(
        _ series: Series, _ style: SeriesStyle, _ axis: BlockAxis, _ scale: AxisScale, on canvas: inout SVGCanvas
    ) {
        let heights = blocks.indices.map { value(series, $0).flatMap(scale.position) }
        let every = max(1, (blocks.count + 15) / 16)
        var (line, markers) = (PathText(), PathText())
        for (index, y) in heights.enumerated() {
            guard let y else { continue }
            let follows = index > 0 && heights[index - 1] != nil
            let leads = index + 1 < heights.count && heights[index + 1] != nil
            if follows { line.line(to: axis.middle(index), y) } else if leads { line.move(to: axis.middle(index), y) }
            // Overlapping series show their markers side by side.
            if (index + style.index * every / SeriesStyle.count) % every == 0 || !(follows || leads) {
                style.mark(&markers, axis.middle(index), y)
            }
        }
        canvas.path(line, style.line)
        canvas.path(markers, style.marker)
    }
}
