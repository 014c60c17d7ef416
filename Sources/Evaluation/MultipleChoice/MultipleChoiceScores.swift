import Foundation

/// How the most likely choice is found. Longer answers are less likely; the last two compensate for that.
package enum ChoiceMeasure: String, CaseIterable, Codable, Sendable {
    /// Σ of the log-likelihoods of a choice's tokens.
    case sum
    /// The sum per token.
    case perToken
    /// The sum per byte of the choice in UTF-8.
    case perByte
}

/// A mean with its standard error, the deviation of the sample over √n.
package struct Estimate: Codable, Equatable, Sendable {
    package let mean: Double
    /// nil for a single sample, which has no deviation.
    package let standardError: Double?

    /// Half the width of the interval that holds 95 % of a normal distribution of this deviation: 1.96 standard errors.
    package var margin: Double? { standardError.map { 1.96 * $0 } }

    /// - Precondition: there is a sample.
    package init(_ samples: [Double]) {
        precondition(!samples.isEmpty, "the mean of nothing")
        let count = Double(samples.count)
        let mean = samples.reduce(0, +) / count
        let squares = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        self.mean = mean
        standardError = count > 1 ? (squares / (count - 1) / count).squareRoot() : nil
    }
}

/// What a model thinks of the choices of some questions.
package struct MultipleChoiceScores: Codable, Equatable, Sendable {
    package struct Choice: Codable, Equatable, Sendable {
        /// Σ over the choice's tokens, in nats.
        package let logLikelihood: Double
        package let tokens: Int
        /// Of the choice in UTF-8, without the space before it.
        package let bytes: Int

        package init(logLikelihood: Double, tokens: Int, bytes: Int) {
            self.logLikelihood = logLikelihood
            self.tokens = tokens
            self.bytes = bytes
        }

        package func value(_ measure: ChoiceMeasure) -> Double {
            switch measure {
            case .sum: logLikelihood
            case .perToken: logLikelihood / Double(tokens)
            case .perByte: logLikelihood / Double(bytes)
            }
        }
    }

    package struct Question: Codable, Equatable, Sendable {
        package let choices: [Choice]
        package let answer: Int

        package init(choices: [Choice], answer: Int) {
            self.choices = choices
            self.answer = answer
        }

        /// The choice with the largest value, the first one of equals.
        package func chosen(_ measure: ChoiceMeasure) -> Int {
            let values = choices.map { $0.value(measure) }
            return values.max().flatMap { values.firstIndex(of: $0) } ?? 0
        }
    }

    package let questions: [Question]
    /// The number of example questions before each one.
    package let examples: Int

    package init(questions: [Question], examples: Int) {
        self.questions = questions
        self.examples = examples
    }

    /// The share of questions answered rightly.
    package func accuracy(_ measure: ChoiceMeasure) -> Estimate { Estimate(rightness(measure)) }

    /// 1 for each question that is answered rightly, 0 for each other.
    private func rightness(_ measure: ChoiceMeasure) -> [Double] {
        questions.map { $0.chosen(measure) == $0.answer ? 1 : 0 }
    }

    /// By how much the share of right answers is larger than another model's on the same questions, question by
    /// question: questions that both get right, or both wrong, do not add to the difference or its variance.
    /// - Precondition: the same questions.
    package func difference(from other: MultipleChoiceScores, _ measure: ChoiceMeasure) -> Estimate {
        precondition(other.questions.map(\.answer) == questions.map(\.answer), "scores of other questions")
        return Estimate(zip(rightness(measure), other.rightness(measure)).map { $0 - $1 })
    }
}
