/// How one of several series is distinguished: a colour and a dash by its class in the style sheet, and a marker.
struct SeriesStyle {
    static let count = 6
    /// 0 to 5.
    let index: Int

    init(_ index: Int) { self.index = index % Self.count }

    var line: String { "line s\(index + 1)" }
    var marker: String { "marker s\(index + 1)" }

    /// The marker's outline about a point: circle, square, triangle, diamond, and triangles the other ways.
    func mark(_ path: inout PathText, _ x: Double, _ y: Double) {
        switch index {
        case 0:
            path.move(to: x - 3, y)
            path.append(relative: "a3 3 0 1 0 6 0a3 3 0 1 0-6 0z")
        case 1:
            path.move(to: x - 2.7, y - 2.7)
            path.append(relative: "h5.4v5.4h-5.4z")
        case 2:
            path.move(to: x, y - 3.6)
            path.append(relative: "l3.5 6h-7z")
        case 3:
            path.move(to: x, y - 3.9)
            path.append(relative: "l3.9 3.9-3.9 3.9-3.9-3.9z")
        case 4:
            path.move(to: x, y + 3.6)
            path.append(relative: "l3.5-6h-7z")
        default:
            path.move(to: x - 3.6, y)
            path.append(relative: "l6-3.5v7z")
        }
    }
}
