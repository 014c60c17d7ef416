/// Counts in bins of equal width on a logarithmic axis.
package struct Histogram: Sendable {
    package struct Series: Sendable {
        package let name: String
        /// [bins]: bins of equal width over the histogram's range.
        package let counts: [Int]

        package init(name: String, counts: [Int]) {
            self.name = name
            self.counts = counts
        }
    }

    package let title: String
    package let caption: String
    package let xLabel: String
    package let yLabel: String
    /// log10 of the values at both ends.
    package let range: ClosedRange<Double>
    package let series: [Series]

    package init(
        title: String, caption: String, xLabel: String, yLabel: String, range: ClosedRange<Double>, series: [Series]
    ) {
        self.title = title
        self.caption = caption
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.range = range
        self.series = series
    }
}
