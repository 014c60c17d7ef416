extension DepthRoleMap: Figure {
    private static let rowHeight = 24.0
    private static let widest = 1120.0

    private var isLogarithmic: Bool { scale != .sequential(log: false) }

    /// Nil where no value has a place on it.
    private var colors: ColorScale? {
        let known = values.prefix(blocks.count * roles.count).compactMap(\.self)
        return switch scale {
        case .diverging(let center, _, _): ColorScale.diverging(known, center: center)
        case .sequential(let log): ColorScale.sequential(known, log: log)
        }
    }

    var summary: String {
        let known = values.compactMap(\.self)
        let marked =
            marks.isEmpty ? "" : " \(FigureText.count(marks.count(where: \.self), "cell has", "cells have")) a dot."
        return
            "\(FigureText.count(blocks.count, "block", "blocks")) by \(FigureText.count(roles.count, "role", "roles")); "
            + "\(unit) \(FigureText.extent(known, log: isLogarithmic)).\(marked) The layer table lists every layer."
    }

    func draw(id: String) throws(PNGError) -> SVGCanvas {
        let widestNumber = blocks.map { TextWidth.of(String($0)) }.max() ?? 0
        let names = max(min(roles.map { TextWidth.of($0) }.max() ?? 0, 160) + 14, widestNumber / 2)
        let step = min(30, max(4, (Self.widest - names - 24) / Double(max(blocks.count, 1))))
        let axis = BlockAxis(blocks: blocks, left: names, step: step)
        let frame = PlotFrame(
            left: names, top: 6, right: max(axis.right, names + step),
            bottom: 6 + Self.rowHeight * Double(max(roles.count, 1)))
        var canvas = SVGCanvas(
            id: id, width: max(frame.right + max(20, widestNumber / 2), 560), height: frame.bottom + 46)
        for (index, role) in roles.enumerated() {
            let y = frame.top + Self.rowHeight * (Double(index) + 0.5) + 4
            canvas.text(role, names - 10, y, .end, style: "key", room: names - 10)
        }
        guard let colors, !blocks.isEmpty, !roles.isEmpty else {
            frame.drawNoValue(on: &canvas)
            return canvas
        }
        try drawCells(colors, frame, axis, on: &canvas)
        drawMarks(axis, frame, on: &canvas)
        frame.drawHorizontalTicks(axis.ticks, "block", on: &canvas)
        try drawKey(colors, on: &canvas)
        return canvas
    }

    private func drawCells(
        _ colors: ColorScale, _ frame: PlotFrame, _ axis: BlockAxis, on canvas: inout SVGCanvas
    ) throws(PNGError) {
        let cells = roles.indices.flatMap { role in blocks.indices.map { value(block: $0, role: role) } }
        let levels = cells.map { colors.level($0) }
        if levels.contains(0) { canvas.hatchedRectangle(frame.left, frame.top, frame.width, frame.height) }
        try canvas.pictures(
            colors.pictures(width: blocks.count, height: roles.count, pixels: levels), frame.left, frame.top,
            frame.width, frame.height, name: "cells")
        var lines = PathText()
        for gap in axis.gaps {
            lines.move(to: gap, frame.top - 3)
            lines.line(to: gap, frame.bottom + 5)
        }
        for row in 1..<max(roles.count, 1) {
            lines.move(to: frame.left, frame.top + Self.rowHeight * Double(row))
            lines.line(to: frame.right, frame.top + Self.rowHeight * Double(row))
        }
        canvas.path(lines, "separator")
        let places = cells.map { $0.map(NumberText.short) ?? NumberText.none }
        canvas.pointerTarget(
            frame.left, frame.top, frame.width, frame.height,
            [
                ("columns", blocks.map { "block \($0)" }.joined(separator: "\n")),
                (
                    "rows",
                    roles.map { $0.split(whereSeparator: \.isNewline).joined(separator: " ") }.joined(separator: "\n")
                ),
                ("values", places.joined(separator: "\n")), ("unit", unit),
            ])
    }

    private func drawMarks(_ axis: BlockAxis, _ frame: PlotFrame, on canvas: inout SVGCanvas) {
        let radius = min(3.5, max(1.5, axis.step * 0.3))
        let (r, d) = (PathText.length(radius), PathText.length(radius * 2))
        var dots = PathText()
        for block in blocks.indices {
            for role in roles.indices where isMarked(block: block, role: role) {
                dots.move(to: axis.middle(block) - radius, frame.top + Self.rowHeight * (Double(role) + 0.5))
                dots.append(relative: "a\(r) \(r) 0 1 0 \(d) 0a\(r) \(r) 0 1 0-\(d) 0z")
            }
        }
        canvas.path(dots, "mark")
    }

    /// The bar of colours with its ticks and what its ends mean, and what dots and hatching mean.
    private func drawKey(_ colors: ColorScale, on canvas: inout SVGCanvas) throws(PNGError) {
        let top = canvas.height + 8
        var bar = ColorBar(scale: colors, unit: unit)
        if case .diverging(_, let low, let high) = scale { (bar.lowLegend, bar.highLegend) = (low, high) }
        try bar.draw(0, top, on: &canvas)
        var entries: [Legend.Entry] = []
        if let markLegend, marks.contains(true) {
            entries.append(.init(name: markLegend.trimmingPrefix("● ").description, sign: .dot))
        }
        let cells = blocks.indices.flatMap { block in roles.indices.map { value(block: block, role: $0) } }
        if cells.contains(where: { colors.level($0) == 0 }) {
            entries.append(.init(name: NumberText.none, sign: .none))
        }
        let legend = Legend(entries: entries, width: canvas.width)
        legend.draw(0, top + ColorBar.height + 8, on: &canvas)
        canvas.height = top + ColorBar.height + 8 + legend.height
    }
}
