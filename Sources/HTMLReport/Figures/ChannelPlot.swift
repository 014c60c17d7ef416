/// Activation magnitudes by input channel, on a logarithmic axis: the largest and the root mean square over all tokens.
package struct ChannelPlot: Sendable {
    /// An input channel that stands out.
    package struct Outlier: Sendable, Equatable {
        package let channel: Int
        let value: Double

        /// What outliers are sorted by.
        var height: Double { value.isFinite ? value : -.infinity }
    }

    /// More bins than this show nothing more at the width of a figure.
    static let mostBins = 256

    let title: String
    let caption: String
    /// [bins]: the largest values of neighbouring channels.
    package let largest: BlockMaxima
    package let rootMeanSquare: BlockMaxima
    /// The largest first. Their channel numbers are the layer's own, not those of bins.
    package let outliers: [Outlier]
    package let threshold: Double?

    /// - Parameters:
    ///   - largest: max |x| of each input channel.
    ///   - rootMeanSquare: of each input channel.
    ///   - outliers: numbers of input channels; those without a channel are left out.
    ///   - threshold: above which a channel counts as an outlier, in the units of `largest`.
    package init(
        title: String, caption: String, largest: [Double], rootMeanSquare: [Double], outliers: [Int], threshold: Double?
    ) {
        self.title = title
        self.caption = caption
        self.largest = BlockMaxima(largest, most: Self.mostBins)
        self.rootMeanSquare = BlockMaxima(rootMeanSquare, most: Self.mostBins)
        self.outliers = outliers.filter(largest.indices.contains).map { Outlier(channel: $0, value: largest[$0]) }
            .sorted { ($0.height, $1.channel) > ($1.height, $0.channel) }
        self.threshold = threshold
    }
}
