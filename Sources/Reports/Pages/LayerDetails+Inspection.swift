import AdaDimHTMLReport
import AdaDimInspection
import AdaDimQuantization
import AdaDimQuantizedMatrices

extension LayerDetails {
    /// The pictures of one layer, reduced to what can be seen: they are kept until the page is written.
    package init(
        _ entry: InspectionReport.Layer, _ layer: LayerInspection, _ input: InspectedInput,
        _ thresholds: OutlierThresholds
    ) {
        let sensitivity = layer.sensitivity(.inverseHessian)
        let threshold = thresholds.least(median: input.activations.medianOfLargest)
        // They are in no bin of a logarithmic axis.
        let exact = ChannelDimension.allCases.compactMap { dimension in
            let count = layer.groupErrors.exact[dimension] ?? 0
            return count > 0 ? " Without error, and not shown: \(count) \(LossPictures.name(dimension)) groups." : nil
        }.joined()
        self.init(
            verdict: entry.verdict, facts: Self.facts(entry, input),
            figures: [
                .channels(
                    ChannelPlot(
                        title: "Activations by input channel",
                        caption: """
                            max|x| and the root mean square over the calibration tokens, on a logarithmic axis. Dashed: from \
                            where on a channel is an outlier.
                            """,
                        largest: input.activations.largestMagnitude,
                        rootMeanSquare: input.activations.rootMeanSquare, outliers: input.outliers,
                        threshold: threshold)),
                .map(
                    MatrixMap(
                        title: "Sensitivity of the weight",
                        caption: """
                            w²/[H⁻¹]ⱼⱼ, the largest of each block; above and next to it, summed over each input \
                            channel and each output channel, again the largest of each block.
                            """,
                        outputs: layer.rows, inputs: layer.columns, rows: layer.map.rows, columns: layer.map.columns,
                        values: layer.map.values, inputMarginal: sensitivity.inputs,
                        outputMarginal: sensitivity.outputs, unit: "w²/[H⁻¹]ⱼⱼ")),
                .histogram(
                    Histogram(
                        title: "Errors of the groups, RTN",
                        caption: """
                            Groups by Σ(w−q)²·Hⱼⱼ over their weights as a share of ‖WX‖², in both directions.\(exact)
                            """,
                        xLabel: "error of a group", yLabel: "groups", range: layer.groupErrors.range,
                        series: ChannelDimension.allCases.map {
                            .init(name: LossPictures.name($0), counts: layer.groupErrors.counts[$0] ?? [])
                        })),
            ])
    }

    private static func facts(_ entry: InspectionReport.Layer, _ input: InspectedInput) -> [HTMLPage.Fact] {
        func loss(_ method: QuantizationOptions.Method) -> String {
            ChannelDimension.allCases.map { dimension in
                "\(LossPictures.name(dimension)) \(entry.loss(dimension, method).map(percent) ?? "–")"
            }.joined(separator: ", ")
        }
        func top(_ share: Sensitivity.TopShare) -> String {
            "\(percent(share.share)) in \(share.channels) of \(share.of)"
        }
        var facts: [HTMLPage.Fact] = [
            .init("Loss, RTN", loss(.roundToNearest)), .init("Loss, GPTQ", loss(.gptq)),
        ]
        for measure in SensitivityMeasure.allCases {
            guard let found = entry.sensitivity(measure) else { continue }
            let name = measure == .inverseHessian ? "w²/[H⁻¹]ⱼⱼ" : "w²·Hⱼⱼ"
            facts.append(.init("\(name), top 1 % of the input channels", top(found.topInputs)))
            facts.append(.init("\(name), top 1 % of the output channels", top(found.topOutputs)))
            if let correlation = found.rankCorrelation {
                facts.append(.init("\(name), rank correlation with max|x|", significant(correlation, 2)))
            }
        }
        if !input.outliers.isEmpty {
            let named = input.outliers.prefix(12).map {
                "\($0) (\(significant(input.activations.largestMagnitude[$0])))"
            }
            let more = input.outliers.count > named.count ? ", …" : ""
            facts.append(.init("Outlier channels, with max|x|", named.joined(separator: ", ") + more))
        }
        return facts
    }
}
