import AdaDimTokenizer

/// The sequences that a model reads: for each question one per choice, the same context followed by the choice.
///
///     Question: (an example)
///     Answer: (its right choice)
///
///     Question: (the question)
///     Answer: (a choice)
struct MultipleChoicePrompts {
    /// One choice of one question.
    struct Prompt {
        /// Context and choice together, without special tokens.
        let tokens: [Int32]
        /// The tokens of the choice, at the end; at least one.
        let choiceTokens: Int
    }

    /// By question and choice.
    let prompts: [[Prompt]]

    /// - Parameters:
    ///   - examples: come before each question, each with its right answer.
    ///   - file: where the questions come from, for errors.
    init(
        _ questions: ArraySlice<MultipleChoiceQuestion>, examples: ArraySlice<MultipleChoiceQuestion>,
        _ tokenizer: Tokenizer, file: String
    ) throws(MultipleChoiceError) {
        let shown = examples.map { "\(Self.context($0)) \($0.choices[$0.answer])\n\n" }.joined()
        var prompts: [[Prompt]] = []
        for (number, question) in zip(questions.indices, questions) {
            func encode(_ text: String) throws(MultipleChoiceError) -> [Int] {
                do {
                    return try tokenizer.encode(text, addSpecialTokens: false)
                } catch {
                    throw .notTokenizable(question: number + 1, file: file, reason: "\(error)")
                }
            }
            let context = shown + Self.context(question)
            let contextTokens = try encode(context)
            var choices: [Prompt] = []
            for choice in question.choices {
                let tokens = try encode("\(context) \(choice)")
                // A token in which context and choice meet is the choice's.
                let shared = zip(contextTokens, tokens).prefix { $0 == $1 }.count
                choices.append(
                    Prompt(
                        tokens: tokens.map { Int32($0) },
                        choiceTokens: tokens.count - min(shared, tokens.count - 1)))
            }
            prompts.append(choices)
        }
        self.prompts = prompts
    }

    private static func context(_ question: MultipleChoiceQuestion) -> String {
        "Question: \(question.question)\nAnswer:"
    }
}
