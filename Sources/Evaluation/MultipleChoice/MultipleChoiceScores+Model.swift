import AdaDimDecoder
import AdaDimTokenizer

extension MultipleChoiceScores {
    /// Evaluates a model on questions.
    /// - Parameters:
    ///   - questions: the first `examples` of them are examples with answers before each other one, and are not asked.
    ///   - file: the file of the questions, for errors.
    ///   - progress: as for ``SequenceLogLikelihoods/init(of:in:hiddenBytes:batchBytes:progress:)``.
    package init(
        of model: DecoderModel, _ tokenizer: Tokenizer, on questions: [MultipleChoiceQuestion], examples: Int,
        file: String,
        progress: (EvaluationProgress) throws -> Void = { _ in }
    ) throws {
        guard examples < questions.count else {
            throw MultipleChoiceError.tooManyExamples(examples, questions: questions.count, file: file)
        }
        let asked = questions[examples...]
        let prompts = try MultipleChoicePrompts(asked, examples: questions[..<examples], tokenizer, file: file).prompts
        let maximum = model.configuration.maximumLength
        for (question, choices) in zip(asked.indices, prompts) {
            if let long = choices.first(where: { $0.tokens.count > maximum }) {
                throw MultipleChoiceError.promptTooLong(
                    tokens: long.tokens.count, question: question + 1, maximum: maximum)
            }
        }
        var likelihoods = try SequenceLogLikelihoods(
            of: prompts.flatMap { $0.map(\.tokens) }, in: model, progress: progress
        ).values[...]
        self.questions = try zip(asked.indices, prompts).map { index, prompts in
            let question = questions[index]
            let choices = try zip(question.choices, prompts).enumerated().map { number, choice in
                let values = likelihoods.removeFirst()
                let sum = values.suffix(choice.1.choiceTokens).reduce(0, +)
                guard sum.isFinite else {
                    throw MultipleChoiceError.notFinite(question: index + 1, choice: number)
                }
                return Choice(logLikelihood: sum, tokens: choice.1.choiceTokens, bytes: choice.0.utf8.count)
            }
            return Question(choices: choices, answer: question.answer)
        }
        self.examples = examples
    }
}
