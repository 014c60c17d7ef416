/// The colours of a map with their values.
struct ColorBar {
    static let height = 52.0
    private static let width = 240.0

    let scale: ColorScale
    let unit: String
    /// The meaning of the ends, next to them.
    var lowLegend = ""
    var highLegend = ""

    /// The unit, the bar, and its ticks, from the left.
    func draw(_ left: Double, _ top: Double, on canvas: inout SVGCanvas) throws(PNGError) {
        canvas.text(unit, left, top + 11, style: "label", room: canvas.width - left)
        let room = max((canvas.width - left - Self.width - 40) / 2, 40)
        var start = left
        if !lowLegend.isEmpty {
            canvas.text(lowLegend, left, top + 30, style: "key", room: room)
            start += min(TextWidth.of(lowLegend), room) + 12
        }
        try canvas.pictures(scale.bar, start, top + 20, Self.width, 12, name: "bar")
        let axis = AxisScale(
            isLogarithmic: scale.axis.isLogarithmic, low: scale.axis.low, high: scale.axis.high, start: start,
            end: start + Self.width)
        var path = PathText()
        var free = -Double.infinity
        for tick in axis.ticks(4) {
            let x = axis.pixel(tick.place)
            path.move(to: x, top + 32)
            path.line(to: x, top + (tick.label == nil ? 35 : 37))
            guard let label = tick.label else { continue }
            let half = TextWidth.of(label) / 2
            let middle = max(x, half)
            guard middle - half > free else { continue }
            canvas.text(label, middle, top + 49, .middle, style: "tick")
            free = middle + half + 8
        }
        canvas.path(path, "axis")
        if !highLegend.isEmpty {
            canvas.text(highLegend, start + Self.width + 12, top + 30, style: "key", room: room)
        }
    }
}
