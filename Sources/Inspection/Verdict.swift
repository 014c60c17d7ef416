import AdaDimQuantization
import AdaDimQuantizedMatrices

/// The summary of a layer's figures: the direction of the smaller GPTQ loss, and where its sensitivity is.
package struct Verdict: Sendable, Equatable {
    /// The direction that loses less by the finished sweeps; per-OC if they are equal.
    package let dimension: ChannelDimension
    /// GPTQ's loss with per-IC groups over that with per-OC groups; nil where the latter is zero.
    package let lossRatio: Double?
    /// The most sensitive input channels, by w²/[(H+λI)⁻¹]ⱼⱼ.
    package let inputs: Sensitivity.TopShare
    /// The most sensitive output channels.
    package let outputs: Sensitivity.TopShare
    /// How many input channels are outliers.
    package let outliers: Int

    package init(
        perInputChannel: Double, perOutputChannel: Double, inputs: Sensitivity.TopShare, outputs: Sensitivity.TopShare,
        outliers: Int
    ) {
        dimension = perInputChannel < perOutputChannel ? .perInputChannel : .perOutputChannel
        lossRatio = perOutputChannel > 0 ? perInputChannel / perOutputChannel : nil
        self.inputs = inputs
        self.outputs = outputs
        self.outliers = outliers
    }

    package init(_ layer: LayerInspection) {
        let sensitivity = layer.sensitivity(.inverseHessian)
        self.init(
            perInputChannel: layer.losses(.perInputChannel).gptq,
            perOutputChannel: layer.losses(.perOutputChannel).gptq,
            inputs: sensitivity.topInputs, outputs: sensitivity.topOutputs, outliers: layer.outliers.count)
    }

    /// Losses that differ by less, relatively, are called nearly equal; so are shares.
    private static let margin = 0.01

    /// A sentence: "per-IC: 41 % of the sensitivity in 6 of 576 input channels, 2 outliers; loses 0.71 of what per-OC loses".
    package var text: String {
        guard inputs.share > 0 else {
            return "\(Self.name(dimension)): there is no output on this text, so nothing is lost"
        }
        var facts = [
            "\(Self.percent(inputs.share)) of the sensitivity in \(inputs.channels) of \(inputs.of) input channels"
        ]
        if outputs.share > inputs.share + Self.margin {
            facts.append("\(Self.percent(outputs.share)) in \(outputs.channels) of \(outputs.of) output channels")
        }
        if outliers > 0 { facts.append(outliers == 1 ? "1 outlier" : "\(outliers) outliers") }
        return "\(Self.name(dimension)): \(facts.joined(separator: ", ")); \(comparison)"
    }

    private var comparison: String {
        guard let lossRatio, lossRatio > 0 else { return "nothing is lost" }
        let (ratio, other): (Double, ChannelDimension) =
            dimension == .perInputChannel ? (lossRatio, .perOutputChannel) : (1 / lossRatio, .perInputChannel)
        if ratio > 1 - Self.margin { return "loses hardly less than \(Self.name(other))" }
        return "loses \(Self.hundredths(ratio)) of what \(Self.name(other)) loses"
    }

    private static func name(_ dimension: ChannelDimension) -> String {
        dimension == .perInputChannel ? "per-IC" : "per-OC"
    }

    private static func percent(_ share: Double) -> String {
        share > 0 && share < 0.01 ? "less than 1 %" : "\(Int((100 * share).rounded())) %"
    }

    private static func hundredths(_ ratio: Double) -> String {
        let hundredths = Int((100 * ratio).rounded())
        return "0." + (hundredths < 10 ? "0" : "") + "\(hundredths)"
    }
}
