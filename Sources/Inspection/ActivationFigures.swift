/// What the inputs of a linear layer are like, a number for each input channel [in].
package struct ActivationFigures: Sendable, Equatable {
    /// How many input vectors were seen.
    package let tokens: Int
    /// Mean of |x|.
    package let meanMagnitude: [Double]
    /// √ of the mean of x².
    package let rootMeanSquare: [Double]
    /// Maximum of |x|.
    package let largestMagnitude: [Double]
    /// Mean of (x − mean)⁴ over the square of the variance: 3 for a normal distribution; NaN for a channel that never
    /// changes.
    package let kurtosis: [Double]

    package init(
        tokens: Int, meanMagnitude: [Double], rootMeanSquare: [Double], largestMagnitude: [Double], kurtosis: [Double]
    ) {
        self.tokens = tokens
        self.meanMagnitude = meanMagnitude
        self.rootMeanSquare = rootMeanSquare
        self.largestMagnitude = largestMagnitude
        self.kurtosis = kurtosis
    }

    /// The median channel's largest magnitude; of an even number of channels, the mean of the middle two.
    package var medianOfLargest: Double { largestMagnitude.median }

    /// The channels whose largest magnitude reaches both thresholds, ascending.
    package func outliers(_ thresholds: OutlierThresholds) -> [Int] {
        let least = thresholds.least(median: medianOfLargest)
        return largestMagnitude.indices.filter { largestMagnitude[$0] >= least }
    }
}

/// From where on a channel counts as an outlier.
package struct OutlierThresholds: Sendable, Equatable, Codable {
    /// Of max|x| over the tokens. 6 is the figure of LLM.int8() (arXiv 2208.07339).
    package var magnitude: Double
    /// Of max|x| over the median channel's. 20 is our own: it distinguishes a few channels from a layer whose inputs
    /// are all large.
    package var ratio: Double

    /// max|x| of an outlier channel, at least, where the median channel's is `median`. Where half the channels or more were
    /// never active that is 0, and the magnitude alone decides.
    package func least(median: Double) -> Double { max(magnitude, ratio * median) }

    package init(magnitude: Double = 6, ratio: Double = 20) {
        self.magnitude = magnitude
        self.ratio = ratio
    }
}

extension [Double] {
    /// The middle element by size, or the mean of the middle two; 0 of none.
    var median: Double {
        guard !isEmpty else { return 0 }
        let sorted = sorted()
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }
}
