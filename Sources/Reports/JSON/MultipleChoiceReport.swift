import AdaDimEvaluation

/// What `adadim evaluate --multiple-choice --json` says.
package struct MultipleChoiceReport: Encodable {
    struct Measure: Encodable {
        let accuracy: Estimate
        let otherAccuracy: Estimate?
        let difference: Estimate?
    }

    let measures: [String: Measure]
    let scores: MultipleChoiceScores
    let otherScores: MultipleChoiceScores?

    package init(_ scores: MultipleChoiceScores, other: MultipleChoiceScores?) {
        self.scores = scores
        otherScores = other
        measures = Dictionary(
            uniqueKeysWithValues: ChoiceMeasure.allCases.map {
                (
                    $0.rawValue,
                    Measure(
                        accuracy: scores.accuracy($0), otherAccuracy: other?.accuracy($0),
                        difference: other.map { [measure = $0] in scores.difference(from: $0, measure) })
                )
            })
    }
}
