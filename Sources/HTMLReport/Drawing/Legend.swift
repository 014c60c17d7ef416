/// The names of a figure's parts, side by side, in as many lines as needed.
struct Legend {
    enum Sign {
        case line(SeriesStyle)
        /// A line with its marker.
        case markedLine(SeriesStyle)
        case area(String)
        case path(String)
        case dot
        case none
    }

    struct Entry {
        let name: String
        let sign: Sign
    }

    static let lineHeight = 18.0
    private static let signWidth = 24.0
    private static let gap = 18.0

    let entries: [Entry]
    let width: Double

    /// Pixels from the left and number of the line of each entry.
    private var places: [(x: Double, line: Int)] {
        var (x, line) = (0.0, 0)
        return entries.map { entry in
            let needed = Self.signWidth + min(TextWidth.of(entry.name), width - Self.signWidth)
            if x > 0, x + needed > width { (x, line) = (0, line + 1) }
            defer { x += needed + Self.gap }
            return (x, line)
        }
    }

    var height: Double { Double((places.last?.line ?? -1) + 1) * Self.lineHeight }

    func draw(_ left: Double, _ top: Double, on canvas: inout SVGCanvas) {
        for (entry, place) in zip(entries, places) {
            let (x, y) = (left + place.x, top + Double(place.line) * Self.lineHeight + Self.lineHeight / 2)
            switch entry.sign {
            case .line(let style): canvas.line(x, y, x + 18, y, style.line)
            case .markedLine(let style):
                canvas.line(x, y, x + 18, y, style.line)
                var path = PathText()
                style.mark(&path, x + 9, y)
                canvas.path(path, style.marker)
            case .area(let style): canvas.rectangle(x, y - 5, 18, 10, style)
            case .path(let style): canvas.line(x, y, x + 18, y, style)
            case .dot:
                var path = PathText()
                SeriesStyle(0).mark(&path, x + 9, y)
                canvas.path(path, "mark")
            case .none: canvas.hatchedRectangle(x, y - 5, 18, 10)
            }
            canvas.text(entry.name, x + Self.signWidth, y + 4, style: "key", room: width - Self.signWidth)
        }
    }
}
