/// The rectangle that a plot fills, with its axes.
struct PlotFrame {
    let left: Double
    let top: Double
    let right: Double
    let bottom: Double

    var width: Double { right - left }
    var height: Double { bottom - top }

    /// Pixels left of a plot for the labels of its vertical axis.
    static func room(for scale: AxisScale?, count: Int = 5) -> Double {
        max(52, 12 + ((scale?.ticks(count) ?? []).compactMap(\.label).map(TextWidth.of).max() ?? 0))
    }

    /// Lines across the plot and labels to its left.
    func drawVerticalAxis(_ scale: AxisScale, _ label: String, on canvas: inout SVGCanvas, count: Int = 5) {
        var (grid, minor) = (PathText(), PathText())
        for tick in scale.ticks(count) {
            let y = scale.pixel(tick.place)
            guard let label = tick.label else {
                minor.move(to: left - 3, y)
                minor.line(to: left, y)
                continue
            }
            grid.move(to: left, y)
            grid.line(to: right, y)
            canvas.text(label, left - 8, y + 4, .end, style: "tick")
        }
        canvas.path(grid, "grid")
        canvas.path(minor, "axis")
        canvas.text(label, 0, 11, style: "label", room: right)
    }

    /// A line below the plot with ticks, labels and the axis's name.
    func drawHorizontalAxis(_ scale: AxisScale, _ label: String, on canvas: inout SVGCanvas, count: Int = 6) {
        drawHorizontalTicks(
            scale.ticks(count).map { (scale.pixel($0.place), $0.label) }, label, on: &canvas)
    }

    /// The same with ticks at given pixels. A label that would run into the one before it is left out.
    func drawHorizontalTicks(
        _ ticks: [(x: Double, label: String?)], _ name: String, on canvas: inout SVGCanvas
    ) {
        var path = PathText()
        path.move(to: left, bottom)
        path.line(to: right, bottom)
        var free = -Double.infinity
        for (x, label) in ticks {
            path.move(to: x, bottom)
            path.line(to: x, bottom + (label == nil ? 3 : 5))
            guard let label, x - TextWidth.of(label) / 2 > free else { continue }
            canvas.text(label, x, bottom + 18, .middle, style: "tick")
            free = x + TextWidth.of(label) / 2 + 8
        }
        canvas.path(path, "axis")
        canvas.text(name, right, bottom + 36, .end, style: "label", room: right)
    }

    /// Where nothing can be drawn.
    func drawNoValue(on canvas: inout SVGCanvas) {
        canvas.hatchedRectangle(left, top, width, height)
        canvas.text(NumberText.none, (left + right) / 2, (top + bottom) / 2 + 4, .middle, style: "message")
    }
}
