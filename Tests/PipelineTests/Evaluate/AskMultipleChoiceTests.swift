import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimEvaluation
import AdaDimPipeline
import AdaDimTestSupport
import AdaDimTokenizer
import Foundation
import Testing

/// Questions put to the bundled model.
@Suite struct AskMultipleChoiceTests {
    private let model = Repository.bundledModel
    private let file = Repository.root.appending(path: "Tests/RealModel/questions.jsonl")

    /// The likelihoods are those of one sequence at a time, from all its logits, in Double.
    @Test(arguments: [0, 3])
    func likelihoodsOfTheChoices(_ examples: Int) throws {
        let questions = Array(try MultipleChoiceQuestion.read(file).prefix(examples + 2))
        let decoder = try DecoderModel(Checkpoint(directory: model))
        let tokenizer = try Tokenizer(file: model.appending(path: "tokenizer.json"))
        let scores = try MultipleChoiceScores(
            of: decoder, tokenizer, on: questions, examples: examples, file: file.path)
        #expect(scores.questions.count == 2 && scores.examples == examples)

        func context(_ question: MultipleChoiceQuestion) -> String { "Question: \(question.question)\nAnswer:" }
        let shown = questions.prefix(examples).map { "\(context($0)) \($0.choices[$0.answer])\n\n" }.joined()
        for (question, found) in zip(questions.suffix(2), scores.questions) {
            #expect(found.answer == question.answer && found.choices.count == question.choices.count)
            let before = try tokenizer.encode(shown + context(question), addSpecialTokens: false)
            for (choice, score) in zip(question.choices, found.choices) {
                let all = try tokenizer.encode(
                    "\(shown)\(context(question)) \(choice)", addSpecialTokens: false)
                #expect(Array(all.prefix(before.count)) == before)
                #expect(score.tokens == all.count - before.count && score.bytes == choice.utf8.count)
                let logits = try decoder.logits(of: [all.map { Int32($0) }])
                let expected = (before.count..<all.count).reduce(0.0) { sum, position in
                    let column = (0..<logits.rows).map { Double(logits[$0, position - 1]) }
                    let largest = column.max() ?? 0
                    let normalizer = largest + log(column.reduce(0) { $0 + exp($1 - largest) })
                    return sum + column[all[position]] - normalizer
                }
                // Float32 logits of some tens, off by rounding through six layers.
                #expect(abs(score.logLikelihood - expected) < 1e-3 * Double(score.tokens))
            }
        }
    }

    @Test func tooManyExamplesAndTooLongPrompts() throws {
        let questions = try MultipleChoiceQuestion.read(file)
        #expect(
            throws: MultipleChoiceError.tooManyExamples(
                questions.count, questions: questions.count, file: file.path)
        ) { try AskMultipleChoice(file: file, examples: questions.count).run(model) }

        let long = MultipleChoiceQuestion(
            question: String(repeating: "and so on ", count: 4000), choices: ["a", "b"], answer: 0)
        let decoder = try DecoderModel(Checkpoint(directory: model))
        let tokenizer = try Tokenizer(file: model.appending(path: "tokenizer.json"))
        do {
            _ = try MultipleChoiceScores(of: decoder, tokenizer, on: [long], examples: 0, file: "questions")
            Issue.record("a prompt beyond the model's length was taken")
        } catch MultipleChoiceError.promptTooLong(let tokens, let question, let maximum) {
            #expect(tokens > maximum && question == 1 && maximum == decoder.configuration.maximumLength)
        }
    }
}
