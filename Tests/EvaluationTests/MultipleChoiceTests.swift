import AdaDimEvaluation
import Foundation
import Testing

@Suite struct MultipleChoiceTests {
    private func read(_ text: String) throws -> [MultipleChoiceQuestion] {
        let file = FileManager.default.temporaryDirectory.appending(path: "questions-\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(text.utf8).write(to: file)
        do {
            return try MultipleChoiceQuestion.read(file)
        } catch let error as MultipleChoiceError {
            throw Refusal(text: "\(error)".replacing(file.path, with: "FILE"))
        }
    }

    private struct Refusal: Error, Equatable { let text: String }

    private static let expected = #"; expected {"question": "…", "choices": ["…", "…"], "answer": 0}"#

    /// In Swift, CR LF is one character: so lines are split by bytes.
    @Test func linesMayEndWithCarriageReturns() throws {
        let lines = [
            #"{"question": "q", "choices": ["a", "b"], "answer": 1}"#, "",
            #"{"question": "r", "choices": ["a", "b"], "answer": 0}"#,
        ]
        let expected = try read(lines.joined(separator: "\n"))
        #expect(expected.map(\.question) == ["q", "r"])
        #expect(try read(lines.joined(separator: "\r\n") + "\r\n") == expected)
        #expect(try read("\u{FEFF}" + lines.joined(separator: "\r\n")) == expected)
        #expect(throws: Refusal(text: "FILE, line 3: no \"answer\"" + Self.expected)) {
            try read("\r\n\r\n{\"question\": \"q\", \"choices\": [\"a\", \"b\"]}\r\n")
        }
    }

    @Test func aFileThatCannotBeReadIsNamedInTheSystemsWords() {
        let missing = URL(filePath: "/no/such/questions.jsonl")
        #expect {
            _ = try MultipleChoiceQuestion.read(missing)
        } throws: { "\($0)" == "/no/such/questions.jsonl: cannot be read: No such file or directory" }
    }

    @Test func questionsOfAFile() throws {
        let questions = try read(
            """
            {"question": "One or zwei?", "choices": ["eins", "zwei"], "answer": 1}

            {"answer": 0, "subject": "physics", "choices": ["a", "b", "c"], "question": "Größe"}\r
            """)
        #expect(
            questions == [
                .init(question: "One or zwei?", choices: ["eins", "zwei"], answer: 1),
                .init(question: "Größe", choices: ["a", "b", "c"], answer: 0),
            ])
    }

    /// What Python's json module writes under other keys, and what it reads: of a key's values the last one.
    @Test(arguments: [
        #"{"question":"a","choices":["b","c"],"answer":0,"score":NaN}"#,
        #"{"question":"a","choices":["b","c"],"answer":0,"scores":[Infinity,-Infinity,1e999]}"#,
        #"{"question":"a","choices":["b","c"],"answer":0.0,"half":"\ud800"}"#,
        #"{"question":"z","choices":[],"answer":7,"question":"a","choices":["b","c"],"answer":0}"#,
    ])
    func whatPythonWrites(_ line: String) throws {
        #expect(try read(line) == [.init(question: "a", choices: ["b", "c"], answer: 0)])
    }

    @Test func bytesThatAreNotUTF8() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "questions-\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("\n{\"question\": \"".utf8 + [0xFF]).write(to: file)
        #expect {
            _ = try MultipleChoiceQuestion.read(file)
        } throws: {
            "\($0)" == "\(file.path), line 2: no JSON at column 15: found the byte 0xFF (at offset 14), expected UTF-8"
                + Self.expected
        }
    }

    @Test(arguments: [
        ("", "FILE: no questions, expected a JSON object per line"),
        (
            "{",
            "FILE, line 1: no JSON at column 2: found the end of the text, expected a key in quotation marks or '}'"
                + expected
        ),
        (
            "\n{\"question\": \"q\" \"answer\": 0}",
            "FILE, line 2: no JSON at column 18: found '\"', expected ',' or '}'" + expected
        ),
        (
            String(repeating: "[", count: 100_000),
            "FILE, line 1: no JSON at column 513: nested deeper than 512 levels, expected fewer" + expected
        ),
        ("\n[]", "FILE, line 2: found []" + expected),
        (#"{"question": "q", "choices": ["a", "b"]}"#, "FILE, line 1: no \"answer\"" + expected),
        (
            #"{"question": "q\ud800", "choices": ["a", "b"], "answer": 0}"#,
            "FILE, line 1: \"question\" is a string with half of a surrogate pair" + expected
        ),
        (
            #"{"question": "q", "choices": ["a", "b"], "answer": NaN}"#,
            "FILE, line 1: \"answer\" is NaN" + expected
        ),
        (
            #"{"question": "q", "choices": ["a", 1], "answer": 0}"#,
            "FILE, line 1: \"choices\" is [\"a\", 1]" + expected
        ),
        (#"{"question": "q", "choices": ["a"], "answer": 0}"#, "FILE, line 1: 1 choices, expected at least 2"),
        (
            #"{"question": "q", "choices": ["a", "b"], "answer": 2}"#,
            "FILE, line 1: \"answer\" is 2, expected one of the choices' numbers, 0 to 1"
        ),
        (#"{"question": "q", "choices": ["a", ""], "answer": 0}"#, "FILE, line 1: choice 1 is empty"),
        (#"{"question": "", "choices": ["a", "b"], "answer": 0}"#, "FILE, line 1: the question is empty"),
    ])
    func whatIsNoQuestion(_ text: String, _ expected: String) {
        #expect(throws: Refusal(text: expected)) { try read(text) }
    }

    /// Likelihoods −4 of one token and byte, −6 of three tokens and two bytes, −6.5 of two tokens and ten bytes.
    private let question = MultipleChoiceScores.Question(
        choices: [
            .init(logLikelihood: -4, tokens: 1, bytes: 1), .init(logLikelihood: -6, tokens: 3, bytes: 2),
            .init(logLikelihood: -6.5, tokens: 2, bytes: 10),
        ], answer: 1)

    @Test func eachMeasureChooses() {
        #expect(question.chosen(.sum) == 0)
        #expect(question.chosen(.perToken) == 1)
        #expect(question.chosen(.perByte) == 2)
        let alike = MultipleChoiceScores.Question(
            choices: .init(repeating: .init(logLikelihood: -1, tokens: 1, bytes: 1), count: 3), answer: 0)
        #expect(alike.chosen(.sum) == 0)
    }

    private func scores(_ right: [Bool]) -> MultipleChoiceScores {
        MultipleChoiceScores(
            questions: right.map { right in
                .init(
                    choices: [
                        .init(logLikelihood: -1, tokens: 1, bytes: 1), .init(logLikelihood: -2, tokens: 1, bytes: 1),
                    ],
                    answer: right ? 0 : 1)
            }, examples: 0)
    }

    @Test func sharesWithTheirErrors() throws {
        let share = scores([true, true, true, false]).accuracy(.sum)
        #expect(share.mean == 0.75)
        // Of 1, 1, 1, 0: the variance is 1/4, by n − 1.
        #expect(abs(try #require(share.standardError) - 0.25) < 1e-15)
        #expect(scores([true]).accuracy(.sum).standardError == nil)
    }

    /// Questions answered alike say nothing of the difference, whatever their number is.
    @Test func differencesArePaired() throws {
        let answers = (0..<100).map { $0 < 60 }
        let (a, b) = (scores(answers), scores(answers))
        let same = a.difference(from: b, .sum)
        #expect(same.mean == 0 && same.standardError == 0)
    }
}
