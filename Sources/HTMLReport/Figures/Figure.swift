/// A figure of the page.
protocol Figure: Sendable {
    var title: String { get }
    var caption: String { get }
    /// One or two sentences with the figure's extent, for who does not see it.
    var summary: String { get }

    /// - Parameter id: of the figure on its page; the names inside begin with it.
    func draw(id: String) throws(PNGError) -> SVGCanvas
}

extension Figure {
    /// The figure's SVG element.
    func svg(id: String) throws(PNGError) -> String {
        try draw(id: id).svg(title: title, description: summary)
    }
}

/// Texts that several figures share.
enum FigureText {
    /// "from 0.1 to 3"; "no value" where no value has a place on the axis.
    static func extent(_ values: some Sequence<Double>, log isLogarithmic: Bool) -> String {
        let shown = values.filter { $0.isFinite && (!isLogarithmic || $0 > 0) }
        guard let low = shown.min(), let high = shown.max() else { return NumberText.none }
        return "from \(NumberText.short(low)) to \(NumberText.short(high))"
    }

    static func count(_ count: Int, _ one: String, _ many: String) -> String {
        "\(NumberText.integer(count)) \(count == 1 ? one : many)"
    }
}
