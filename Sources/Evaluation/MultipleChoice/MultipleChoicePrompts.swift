import AdaDimTokenizer

/// What a model reads: for each question one sequence per choice, the same context with the choice behind it.
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

    /// - Parameter examples: stand in front of each question, right answer included.
    init(
        _ questions: ArraySlice<MultipleChoiceQuestion>, examples: ArraySlice<MultipleChoiceQuestion>,
        _ tokenizer: Tokenizer
    ) throws(TokenizerError) {
        let shown = examples.map { "\(Self.context($0)) \($0.choices[$0.answer])\n\n" }.joined()
        var prompts: [[Prompt]] = []
        for question in questions {
            let context = shown + Self.context(question)
            let contextTokens = try tokenizer.encode(context, addSpecialTokens: false)
            var choices: [Prompt] = []
            for choice in question.choices {
                let tokens = try tokenizer.encode("\(context) \(choice)", addSpecialTokens: false)
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
