extension BarChart: Figure {
    /// Whether a bar of this length can be drawn.
    private func isLength(_ value: Double) -> Bool { value >= 0 && value < 1e300 }

    private var shown: [Double] { bars.map(\.value).filter(isLength) }

    var summary: String {
        "\(FigureText.count(bars.count, "bar", "bars")), \(FigureText.extent(shown, log: false)) \(unit)."
    }

    func draw(id: String) -> SVGCanvas {
        let (width, row, top) = (560.0, 26.0, 10.0)
        let names = min(bars.map { TextWidth.of($0.name) }.max() ?? 0, 200) + 12
        let valueRoom = 16 + (bars.map { TextWidth.of(NumberText.short($0.value)) }.max() ?? 0)
        let height = top + row * Double(max(bars.count, 1))
        var canvas = SVGCanvas(id: id, width: width, height: height + 46)
        let frame = PlotFrame(left: names, top: top, right: width - valueRoom, bottom: height + 4)
        guard let most = shown.max() else {
            frame.drawNoValue(on: &canvas)
            return canvas
        }
        let scale = AxisScale.linear(0, most > 0 ? most : 1, from: frame.left, to: frame.right)
        var grid = PathText()
        for tick in scale.ticks(5) {
            grid.move(to: scale.pixel(tick.place), frame.top)
            grid.line(to: scale.pixel(tick.place), frame.bottom)
        }
        canvas.path(grid, "grid")
        for (index, bar) in bars.enumerated() {
            let middle = top + row * (Double(index) + 0.5)
            canvas.text(bar.name, names - 10, middle + 4, .end, style: "key", room: names - 10)
            guard isLength(bar.value), let end = scale.position(bar.value) else {
                canvas.text(NumberText.none, names + 6, middle + 4, style: "tick")
                continue
            }
            canvas.rectangle(names, middle - 8, max(end - names, bar.value > 0 ? 1 : 0), 16, "area s1")
            canvas.text(NumberText.short(bar.value), end + 6, middle + 4, style: "value")
        }
        frame.drawHorizontalAxis(scale, unit, on: &canvas, count: 5)
        return canvas
    }
}
