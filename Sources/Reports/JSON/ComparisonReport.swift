import AdaDimEvaluation

/// What `adadim compare --json` says.
package struct ComparisonReport: Encodable {
    /// Nats per token; no interval of too few windows.
    struct Estimate: Encodable {
        let mean: Double
        @NullWhereAbsent var low: Double?
        @NullWhereAbsent var high: Double?

        init(_ estimate: BootstrapEstimate) {
            mean = estimate.mean
            _low = NullWhereAbsent(wrappedValue: estimate.interval?.low)
            _high = NullWhereAbsent(wrappedValue: estimate.interval?.high)
        }
    }

    struct Original: Encodable {
        let name: String
        let perplexity: Double
        let windowLogLikelihoods: [Double]
    }

    struct Variant: Encodable {
        let name: String
        let perplexity: Double
        let excess: Estimate
        let divergence: Estimate
        let windowLogLikelihoods: [Double]
        let windowDivergences: [Double]
    }

    struct Difference: Encodable {
        let variant: String
        let from: String
        let excess: Estimate
        let divergence: Estimate
    }

    let versions: QuantizationReport.Versions
    let machine: MachineReport
    /// As it was given.
    let text: String
    /// The field of that file, of JSON Lines, that has a line's document; null for a file that is one text.
    @NullWhereAbsent var textField: String?
    let windows: Int
    let windowLength: Int
    let original: Original
    let variants: [Variant]
    let differences: [Difference]

    package init(_ comparison: ModelComparison, original name: String, text: String, textField: String?) {
        versions = .current
        machine = .current
        self.text = text
        _textField = NullWhereAbsent(wrappedValue: textField)
        windows = comparison.windowLogLikelihoods.count
        windowLength = comparison.windowLength
        original = Original(
            name: name, perplexity: comparison.perplexity.perplexity,
            windowLogLikelihoods: comparison.windowLogLikelihoods)
        variants = comparison.variants.map {
            Variant(
                name: $0.name, perplexity: comparison.perplexity($0).perplexity,
                excess: Estimate(comparison.excess($0)), divergence: Estimate(comparison.divergence($0)),
                windowLogLikelihoods: $0.windowLogLikelihoods, windowDivergences: $0.windowDivergences)
        }
        differences = comparison.pairs.map { a, b in
            Difference(
                variant: b.name, from: a.name, excess: Estimate(comparison.difference(b, from: a)),
                divergence: Estimate(comparison.divergenceDifference(b, from: a)))
        }
    }
}
