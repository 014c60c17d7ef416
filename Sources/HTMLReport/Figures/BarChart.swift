/// Horizontal bars from zero, in the order given.
package struct BarChart: Sendable {
    package struct Bar: Sendable {
        package let name: String
        /// Not negative; anything else is "no value".
        package let value: Double

        package init(name: String, value: Double) {
            self.name = name
            self.value = value
        }
    }

    package let title: String
    package let caption: String
    package let unit: String
    package let bars: [Bar]

    package init(title: String, caption: String, unit: String, bars: [Bar]) {
        self.title = title
        self.caption = caption
        self.unit = unit
        self.bars = bars
    }
}
