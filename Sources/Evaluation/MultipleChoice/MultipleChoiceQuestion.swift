import AdaDimFiles
import Foundation

/// A question, the answers to choose from, and the right one.
package struct MultipleChoiceQuestion: Codable, Equatable, Sendable {
    package let question: String
    package let choices: [String]
    /// The right choice, from 0.
    package let answer: Int

    package init(question: String, choices: [String], answer: Int) {
        self.question = question
        self.choices = choices
        self.answer = answer
    }

    /// The questions of a file with a JSON object per line, `{"question": …, "choices": […, …], "answer": 0}`; other keys
    /// are left alone, and lines of white space are skipped.
    /// - Throws: ``MultipleChoiceError``, with the line.
    package static func read(_ file: URL) throws -> [MultipleChoiceQuestion] {
        guard let text = String(validating: try readFile(file.path), as: UTF8.self) else {
            throw MultipleChoiceError.notText(file: file.path)
        }
        var questions: [MultipleChoiceQuestion] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.allSatisfy(\.isWhitespace) {
            questions.append(try MultipleChoiceQuestion(line: line, number: index + 1, file: file.path))
        }
        guard !questions.isEmpty else { throw MultipleChoiceError.noQuestions(file: file.path) }
        return questions
    }

    private init(line: Substring, number: Int, file: String) throws(MultipleChoiceError) {
        func refuse(_ problem: String) -> MultipleChoiceError { .line(number, file: file, problem) }
        do {
            self = try JSONDecoder().decode(MultipleChoiceQuestion.self, from: Data(line.utf8))
        } catch DecodingError.keyNotFound(let key, _) {
            throw refuse("no \"\(key.stringValue)\"")
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            let path = context.codingPath.map { $0.intValue.map { "\($0)" } ?? $0.stringValue }.joined(separator: ".")
            throw refuse(
                path.isEmpty
                    ? "no JSON object" : "\"\(path)\" is of another type; expected \(Self.expected)")
        } catch {
            throw refuse("no JSON; expected \(Self.expected)")
        }
        guard choices.count >= 2 else { throw refuse("\(choices.count) choices, expected at least 2") }
        guard choices.indices.contains(answer) else {
            throw refuse("\"answer\" is \(answer), expected one of the choices' numbers, 0 to \(choices.count - 1)")
        }
        if let empty = choices.firstIndex(where: \.isEmpty) { throw refuse("choice \(empty) is empty") }
        guard !question.isEmpty else { throw refuse("the question is empty") }
    }

    private static let expected = #"{"question": "…", "choices": ["…", "…"], "answer": 0}"#
}

/// Why questions cannot be put to a model.
package enum MultipleChoiceError: Error, Equatable, CustomStringConvertible, Sendable {
    case notText(file: String)
    case noQuestions(file: String)
    case line(Int, file: String, String)
    /// As many examples as questions, or more.
    case tooManyExamples(Int, questions: Int, file: String)
    case promptTooLong(tokens: Int, question: Int, maximum: Int)
    case notFinite(question: Int, choice: Int)

    package var description: String {
        switch self {
        case .notText(let file): "\(file): not UTF-8, expected a JSON object per line"
        case .noQuestions(let file): "\(file): no questions, expected a JSON object per line"
        case .line(let number, let file, let problem): "\(file), line \(number): \(problem)"
        case .tooManyExamples(let examples, let questions, let file):
            "\(examples) examples of \(questions) questions, expected some left to be asked: \(file)"
        case .promptTooLong(let tokens, let question, let maximum):
            "question \(question) with its examples and an answer takes \(tokens) tokens, but config.json says that the "
                + "model takes at most \(maximum)"
        case .notFinite(let question, let choice):
            "question \(question), choice \(choice): its log-likelihood is not a finite number"
        }
    }
}
