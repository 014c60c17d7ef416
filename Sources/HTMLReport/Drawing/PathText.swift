/// Path data in few bytes: relative steps in tenths of a pixel, which do not add up to an error.
struct PathText {
    private(set) var data = ""
    private var x = 0
    private var y = 0

    var isEmpty: Bool { data.isEmpty }

    mutating func move(to x: Double, _ y: Double) {
        (self.x, self.y) = (Self.tenths(x), Self.tenths(y))
        data += "M" + Self.text(self.x) + Self.next(self.y)
    }

    mutating func line(to x: Double, _ y: Double) {
        let (newX, newY) = (Self.tenths(x), Self.tenths(y))
        let (dx, dy) = (newX - self.x, newY - self.y)
        (self.x, self.y) = (newX, newY)
        if dy == 0 {
            if dx != 0 { data += "h" + Self.text(dx) }
        } else if dx == 0 {
            data += "v" + Self.text(dy)
        } else {
            data += "l" + Self.text(dx) + Self.next(dy)
        }
    }

    mutating func close() { data += "z" }

    /// Path data that begin where the path is.
    mutating func append(relative: String) { data += relative }

    private static func tenths(_ value: Double) -> Int { Int((min(max(value, -1e6), 1e6) * 10).rounded()) }

    private static func text(_ tenths: Int) -> String {
        let (whole, rest) = tenths.magnitude.quotientAndRemainder(dividingBy: 10)
        let sign = tenths < 0 ? "-" : ""
        if rest == 0 { return sign + String(whole) }
        return sign + (whole == 0 ? "" : String(whole)) + "." + String(rest)
    }

    /// With a separator from the number before it, where it needs one.
    private static func next(_ tenths: Int) -> String { (tenths < 0 ? "" : " ") + text(tenths) }

    /// A length as an attribute gives it.
    static func length(_ value: Double) -> String { text(tenths(value)) }
}
