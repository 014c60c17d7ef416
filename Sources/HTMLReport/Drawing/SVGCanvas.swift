import Foundation

/// An SVG drawing under construction. Lengths are pixels at the size the figure has on a wide page; colours come from the
/// page's style sheet, by class.
struct SVGCanvas {
    enum Anchor: String {
        case start = ""
        case middle = "m"
        case end = "e"
    }

    /// Unique on the page.
    let id: String
    let width: Double
    var height: Double
    private var body = ""
    private var hasHatch = false

    init(id: String, width: Double, height: Double) {
        self.id = id
        self.width = width
        self.height = height
    }

    /// A text, cut to `room` pixels where that is given; the whole of it is then its title.
    mutating func text(
        _ text: String, _ x: Double, _ y: Double, _ anchor: Anchor = .start, style: String = "", room: Double? = nil,
        isVertical: Bool = false
    ) {
        let shown = room.map { TextWidth.fit(text, $0) } ?? text
        let classes = [anchor.rawValue, style].filter { !$0.isEmpty }.joined(separator: " ")
        body += "<text\(classes.isEmpty ? "" : " class=\"\(classes)\"") "
        body +=
            isVertical
            ? "transform=\"translate(\(PathText.length(x)) \(PathText.length(y))) rotate(-90)\">"
            : "x=\"\(PathText.length(x))\" y=\"\(PathText.length(y))\">"
        if shown != text { body += "<title>\(Markup.escape(text))</title>" }
        body += Markup.escape(shown) + "</text>"
    }

    mutating func path(_ path: PathText, _ style: String) {
        guard !path.isEmpty else { return }
        body += "<path class=\"\(style)\" d=\"\(path.data)\"/>"
    }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
        var path = PathText()
        path.move(to: x1, y1)
        path.line(to: x2, y2)
        self.path(path, style)
    }

    mutating func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String) {
        body += "<rect class=\"\(style)\" " + Self.box(x, y, max(width, 0), max(height, 0)) + "/>"
    }

    /// The background of cells without a value.
    mutating func hatchedRectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double) {
        hasHatch = true
        body += "<rect class=\"none\" fill=\"url(#\(id)-none)\" " + Self.box(x, y, width, height) + "/>"
    }

    /// A picture stretched over a rectangle, its pixels left sharp. Of two, one is for light pages, one for dark ones.
    mutating func pictures(
        _ pictures: [PNGImage], _ x: Double, _ y: Double, _ width: Double, _ height: Double, name: String
    ) throws(PNGError) {
        for (index, picture) in pictures.enumerated() {
            let scheme = pictures.count == 1 ? "" : index == 0 ? " on-light" : " on-dark"
            let data = Data(try picture.encoded()).base64EncodedString()
            body += "<image class=\"\(name)\(scheme)\" preserveAspectRatio=\"none\" " + Self.box(x, y, width, height)
            body += " href=\"data:image/png;base64,\(data)\"/>"
        }
    }

    /// A rectangle that shows the value under the pointer, from attributes that the page's script reads.
    mutating func pointerTarget(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ data: [(name: String, value: String)]
    ) {
        let attributes = data.map { " data-\($0.name)=\"\(Markup.escape($0.value))\"" }.joined()
        body += "<rect class=\"target\" " + Self.box(x, y, width, height) + attributes + "/>"
    }

    /// The whole element.
    func svg(title: String, description: String) -> String {
        let hatch =
            hasHatch
            ? "<defs><pattern id=\"\(id)-none\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\">"
                + "<path class=\"hatch\" d=\"M-1 1l2-2M0 5l5-5M4 6l2-2\"/></pattern></defs>" : ""
        let (width, height) = (PathText.length(width), PathText.length(height))
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" id=\"\(id)-svg\" "
            + "aria-labelledby=\"\(id)-title\" aria-describedby=\"\(id)-about\" "
            + "width=\"\(width)\" height=\"\(height)\" viewBox=\"0 0 \(width) \(height)\">"
            + "<title id=\"\(id)-title\">\(Markup.escape(title))</title>"
            + "<desc id=\"\(id)-about\">\(Markup.escape(description))</desc>\(hatch)\(body)</svg>"
    }

    private static func box(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> String {
        "x=\"\(PathText.length(x))\" y=\"\(PathText.length(y))\" "
            + "width=\"\(PathText.length(width))\" height=\"\(PathText.length(height))\""
    }
}
