import AdaDimFiles
import AdaDimJSON
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
    /// - Throws: ``MultipleChoiceError``, with the line; ``TextFileError``.
    package static func read(_ file: URL) throws -> [MultipleChoiceQuestion] {
        let lines = try LineReader(path: file.path, longestLine: mostBytes)
        var questions: [MultipleChoiceQuestion] = []
        while let line = try lines.next() {
            if line.isBlank { continue }
            questions.append(try MultipleChoiceQuestion(line: line, number: lines.number, file: file.path))
        }
        guard !questions.isEmpty else { throw MultipleChoiceError.noQuestions(file: file.path) }
        return questions
    }

    /// Bytes of a question with its choices.
    private static let mostBytes = 64 << 20

    private init(line: ArraySlice<UInt8>, number: Int, file: String) throws(MultipleChoiceError) {
        func refuse(_ problem: String) -> MultipleChoiceError { .line(number, file: file, problem) }
        func expected(_ found: String) -> MultipleChoiceError { refuse("\(found); expected \(Self.expected)") }
        let members: JSONValue
        do {
            members = try JSONDocument(line: line).value
        } catch {
            throw expected(error.inLine)
        }
        guard case .object = members else { throw expected("found \(members.summary)") }
        func member<Value>(_ key: String, _ read: (JSONValue) -> Value?) throws(MultipleChoiceError) -> Value {
            guard let found = members[key] else { throw expected("no \"\(key)\"") }
            guard let value = read(found) else { throw expected("\"\(key)\" is \(found.summary)") }
            return value
        }
        question = try member("question", \.text)
        choices = try member("choices", \.texts)
        answer = try member("answer", \.wholeNumber)
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
    case noQuestions(file: String)
    case line(Int, file: String, String)
    /// As many examples as questions, or more.
    case tooManyExamples(Int, questions: Int, file: String)
    /// The tokenizer has no ids for it.
    case notTokenizable(question: Int, file: String, reason: String)
    case promptTooLong(tokens: Int, question: Int, maximum: Int)
    case notFinite(question: Int, choice: Int)

    package var description: String {
        switch self {
        case .noQuestions(let file): "\(file): no questions, expected a JSON object per line"
        case .line(let number, let file, let problem): "\(file), line \(number): \(problem)"
        case .tooManyExamples(let examples, let questions, let file):
            "\(examples) examples of \(questions) questions, expected some left to be asked: \(file)"
        case .notTokenizable(let question, let file, let reason):
            "\(file): question \(question) cannot be tokenized: \(reason)"
        case .promptTooLong(let tokens, let question, let maximum):
            "question \(question) with its examples and an answer takes \(tokens) tokens, but config.json says that the "
                + "model takes at most \(maximum)"
        case .notFinite(let question, let choice):
            "question \(question), choice \(choice): its log-likelihood is not a finite number"
        }
    }
}
