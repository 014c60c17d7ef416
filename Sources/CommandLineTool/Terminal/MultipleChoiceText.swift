import AdaDimEvaluation
import Foundation
import TextTable

/// The shares of right answers of one model, or of two and their difference.
struct MultipleChoiceText {
    let scores: MultipleChoiceScores
    let other: MultipleChoiceScores?

    var text: String {
        let table = TextTable<ChoiceMeasure> { measure in
            [
                Column(title: "likelihood", value: Self.name(measure)),
                Column(title: "right", value: Self.share(scores.accuracy(measure)), align: .right),
            ]
                + (other.map { other in
                    [
                        Column(title: "the other's", value: Self.share(other.accuracy(measure)), align: .right),
                        Column(
                            title: "difference, 95 %", value: Self.difference(scores.difference(from: other, measure)),
                            align: .right),
                    ]
                } ?? [])
        }
        let count = scores.questions.count
        let examples = scores.examples > 0 ? ", \(scores.examples) more as examples before each" : ""
        return "\(count) \(count == 1 ? "question" : "questions")\(examples)\n"
            + (table.string(for: ChoiceMeasure.allCases, style: Style.pipe) ?? "")
    }

    private static func name(_ measure: ChoiceMeasure) -> String {
        switch measure {
        case .sum: "sum"
        case .perToken: "per token"
        case .perByte: "per byte"
        }
    }

    /// With its standard error.
    private static func share(_ estimate: Estimate) -> String {
        String(format: "%.1f %%", 100 * estimate.mean)
            + (estimate.standardError.map { String(format: " ± %.1f", 100 * $0) } ?? "")
    }

    /// With its interval.
    private static func difference(_ estimate: Estimate) -> String {
        String(format: "%+.1f", 100 * estimate.mean)
            + (estimate.margin.map {
                String(format: " (%+.1f to %+.1f)", 100 * (estimate.mean - $0), 100 * (estimate.mean + $0))
            } ?? "")
    }
}
