/// Paths of values side by side, of equal width. Heights are whole pixels, which keeps a page of many small.
enum ProfilePath {
    /// Steps over values, with a gap where one has no place.
    ///
    /// - Parameters:
    ///   - heights: pixels across the axis; nil for no place.
    ///   - along: both ends of the axis, in pixels.
    ///   - isVertical: the axis runs down, and heights go to the right.
    static func steps(_ heights: [Double?], along: (Double, Double), isVertical: Bool = false) -> PathText {
        var path = PathText()
        var isOpen = false
        for (index, height) in heights.enumerated() {
            guard let height = height?.rounded() else {
                isOpen = false
                continue
            }
            for (place, isEnd) in [(index, false), (index + 1, true)] {
                let position = along.0 + (along.1 - along.0) * Double(place) / Double(heights.count)
                let (x, y) = isVertical ? (height, position) : (position, height)
                if isOpen || isEnd { path.line(to: x, y) } else { path.move(to: x, y) }
            }
            isOpen = true
        }
        return path
    }

    /// The area between steps and a base line.
    static func area(
        _ heights: [Double?], base: Double, along: (Double, Double), isVertical: Bool = false
    ) -> PathText {
        guard !heights.isEmpty else { return PathText() }
        var path = PathText()
        func point(_ place: Int, _ height: Double) -> (Double, Double) {
            let position = along.0 + (along.1 - along.0) * Double(place) / Double(heights.count)
            return isVertical ? (height, position) : (position, height)
        }
        let start = point(0, base)
        path.move(to: start.0, start.1)
        for (index, height) in heights.enumerated() {
            for place in [index, index + 1] {
                let (x, y) = point(place, (height ?? base).rounded())
                path.line(to: x, y)
            }
        }
        let end = point(heights.count, base)
        path.line(to: end.0, end.1)
        path.close()
        return path
    }
}
