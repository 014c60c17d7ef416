import AdaDimQuantization
import AdaDimQuantizedMatrices

/// An adaptive choice against the losses of both directions, recomputed.
enum ChoiceJudge {
    /// - Parameter directions: losses of the layer quantized in each fixed direction by what the choice is made by.
    static func judge(
        _ layer: EngineLayer, _ directions: [ChannelDimension: LossJudge], _ options: QuantizationOptions,
        into findings: inout Findings
    ) {
        let method: QuantizationOptions.Method =
            options.method == .gptq && options.direction == .adaptive(by: .sweep) ? .gptq : .roundToNearest
        let chosen = layer.quantized.dimension
        let other: ChannelDimension = chosen == .perOutputChannel ? .perInputChannel : .perOutputChannel
        guard let mine = directions[chosen], let others = directions[other],
            let reported = layer.losses[chosen]?[method], let reportedOther = layer.losses[other]?[method]
        else {
            findings.add(.choice, ratio: .infinity, "a direction's loss is missing")
            return
        }
        // Both are known to within their bounds, so the chosen one may be the larger by their sum.
        var worst = WorstElement()
        worst.add(max(0, mine.loss - others.loss), bound: mine.bound + others.bound, 0, 0)
        findings.add(
            .choice, ratio: worst.ratio, "\(chosen.rawValue) was chosen with \(mine.loss), the other has \(others.loss)"
        )
        // Only round to nearest gives the same codes with and without another direction at the same time; a sweep may
        // differ by flips.
        if method == .roundToNearest {
            mine.judge(reported, .loss, "\(chosen.rawValue)'s loss by round to nearest", into: &findings)
            others.judge(reportedOther, .loss, "\(other.rawValue)'s loss by round to nearest", into: &findings)
        }
    }
}
