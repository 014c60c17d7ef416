extension MatrixMap: Figure {
    var summary: String {
        "\(NumberText.integer(outputs)) output channels by \(NumberText.integer(inputs)) input channels, as "
            + "\(rows) by \(columns) blocks; \(unit) \(FigureText.extent(values.map { Double($0) }, log: true))."
    }

    func draw(id: String) throws(PNGError) -> SVGCanvas {
        let frame = PlotFrame(left: 74, top: 92, right: 432, bottom: 372)
        var canvas = SVGCanvas(id: id, width: 560, height: frame.bottom + 44)
        guard let colors = ColorScale.sequential(values.map { Double($0) }, log: true), outputs > 0, inputs > 0 else {
            frame.drawNoValue(on: &canvas)
            return canvas
        }
        try drawCells(colors, frame, on: &canvas)
        drawAxes(frame, on: &canvas)
        drawInputMarginal(PlotFrame(left: frame.left, top: 26, right: frame.right, bottom: 84), on: &canvas)
        drawOutputMarginal(
            PlotFrame(left: frame.right + 8, top: frame.top, right: 540, bottom: frame.bottom), on: &canvas)
        try ColorBar(scale: colors, unit: unit).draw(frame.left, canvas.height + 6, on: &canvas)
        canvas.height += 6 + ColorBar.height
        if values.contains(where: { colors.level(Double($0)) == 0 }) {
            let legend = Legend(entries: [.init(name: "zero or \(NumberText.none)", sign: .none)], width: 200)
            legend.draw(frame.left, canvas.height + 6, on: &canvas)
            canvas.height += 6 + legend.height
        }
        return canvas
    }

    private func drawCells(
        _ colors: ColorScale, _ frame: PlotFrame, on canvas: inout SVGCanvas
    ) throws(PNGError) {
        let levels = values.map { colors.level(Double($0)) }
        if levels.contains(0) { canvas.hatchedRectangle(frame.left, frame.top, frame.width, frame.height) }
        try canvas.pictures(
            colors.pictures(width: columns, height: rows, pixels: levels), frame.left, frame.top, frame.width,
            frame.height, name: "cells")
        canvas.pointerTarget(
            frame.left, frame.top, frame.width, frame.height,
            [
                ("outputs", String(outputs)), ("inputs", String(inputs)), ("down", String(rows)),
                ("across", String(columns)), ("low", String(colors.axis.low)), ("high", String(colors.axis.high)),
                ("unit", unit),
            ])
    }

    private func drawAxes(_ frame: PlotFrame, on canvas: inout SVGCanvas) {
        let across = AxisScale.linear(0, Double(inputs), from: frame.left, to: frame.right)
        frame.drawHorizontalAxis(across, "input channel", on: &canvas, count: 5)
        let down = AxisScale.linear(0, Double(outputs), from: frame.top, to: frame.bottom)
        var path = PathText()
        path.move(to: frame.left, frame.top)
        path.line(to: frame.left, frame.bottom)
        for tick in down.ticks(5) {
            let y = down.pixel(tick.place)
            path.move(to: frame.left - 5, y)
            path.line(to: frame.left, y)
            if let label = tick.label { canvas.text(label, frame.left - 8, y + 4, .end, style: "tick") }
        }
        canvas.path(path, "axis")
        canvas.text(
            "output channel", 11, (frame.top + frame.bottom) / 2, .middle, style: "label", room: frame.height,
            isVertical: true)
    }

    private func drawInputMarginal(_ frame: PlotFrame, on canvas: inout SVGCanvas) {
        let values = inputMarginal.values
        guard let scale = AxisScale.logarithmic(over: values, from: frame.bottom, to: frame.top) else { return }
        let area = ProfilePath.area(
            values.map(scale.position), base: frame.bottom, along: (frame.left, frame.right))
        canvas.path(area, "area s1")
        var path = PathText()
        var free = -Double.infinity
        for (pixel, text) in labels(scale).reversed() {
            path.move(to: frame.left - 5, pixel)
            path.line(to: frame.left, pixel)
            // The first label of the axis of output channels is just below.
            let baseline = min(pixel + 4, frame.bottom)
            guard baseline - 13 > free else { continue }
            canvas.text(text, frame.left - 8, baseline, .end, style: "tick")
            free = baseline
        }
        canvas.path(path, "axis")
        canvas.text("by input channel", frame.left, frame.top - 12, style: "label")
    }

    private func drawOutputMarginal(_ frame: PlotFrame, on canvas: inout SVGCanvas) {
        let values = outputMarginal.values
        guard let scale = AxisScale.logarithmic(over: values, from: frame.left, to: frame.right) else { return }
        let area = ProfilePath.area(
            values.map(scale.position), base: frame.left, along: (frame.top, frame.bottom), isVertical: true)
        canvas.path(area, "area s1")
        var path = PathText()
        var free = frame.left
        for (pixel, text) in labels(scale) {
            path.move(to: pixel, frame.top - 5)
            path.line(to: pixel, frame.top)
            // A label may be a little off its tick.
            let half = TextWidth.of(text) / 2
            let middle = max(pixel, free + half)
            guard middle + half <= canvas.width, middle - pixel < 24 else { continue }
            canvas.text(text, middle, frame.top - 10, .middle, style: "tick")
            free = middle + half + 4
        }
        canvas.path(path, "axis")
        canvas.text("by output channel", 558, frame.top - 30, .end, style: "label")
    }

    /// The outermost labels of a short axis.
    private func labels(_ scale: AxisScale) -> [(pixel: Double, text: String)] {
        let labelled = scale.ticks(3).compactMap { tick in
            tick.label.map { (pixel: scale.pixel(tick.place), text: $0) }
        }
        guard labelled.count > 2, let first = labelled.first, let last = labelled.last else { return labelled }
        return [first, last]
    }
}
