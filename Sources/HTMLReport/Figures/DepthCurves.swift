/// Positive values by block, on a logarithmic axis: up to six series, distinguished by colour, by dash and by marker.
package struct DepthCurves: Sendable {
    package struct Series: Sendable {
        package let name: String
        /// [blocks]; nil where there is no such value.
        package let values: [Double?]

        package init(name: String, values: [Double?]) {
            self.name = name
            self.values = values
        }
    }

    package let title: String
    package let caption: String
    package let yLabel: String
    /// Block numbers in rising order; they may have gaps.
    package let blocks: [Int]
    package let series: [Series]

    package init(title: String, caption: String, yLabel: String, blocks: [Int], series: [Series]) {
        self.title = title
        self.caption = caption
        self.yLabel = yLabel
        self.blocks = blocks
        self.series = series
    }
}
