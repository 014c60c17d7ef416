/// What is wrong with a text or with ready-made token ids.
package enum CorpusError: Error, Equatable, CustomStringConvertible, Sendable {
    case notUTF8(file: String)
    /// The tokenizer has no ids for it; the line of a JSON Lines file.
    case notTokenizable(file: String, line: Int?, reason: String)
    case noDocument(file: String, line: Int, problem: String, field: String)
    case noDocuments(file: String, field: String)
    case documentsTooShort(documents: Int, longest: Int, length: Int)
    case fieldOfTokens(file: String)
    case notOneTensor(file: String, found: [String])
    case noTokens(file: String, tensor: String, shape: [Int])
    case idTooLarge(file: String, tensor: String, position: Int)
    case idOutOfVocabulary(id: Int32, position: Int, vocabularySize: Int)
    case tooShort(tokens: Int, length: Int)
    case lengthMismatch(found: Int, expected: Int)
    case tooFewSequences(found: Int, expected: Int)
    case sequencesWhereTextExpected(file: String)
    case lengthBeyondModel(length: Int, maximum: Int)

    package var description: String {
        switch self {
        case .notUTF8(let file): "\(file): not UTF-8 text"
        case .notTokenizable(let file, let line, let reason):
            "\(file)\(line.map { ", line \($0)" } ?? ""): cannot be tokenized: \(reason)"
        case .noDocument(let file, let line, let problem, let field):
            "\(file), line \(line): \(problem); expected a JSON object with text in its field \"\(field)\""
        case .noDocuments(let file, let field):
            "\(file): no documents, expected a JSON object per line, with text in its field \"\(field)\""
        case .documentsTooShort(let documents, let longest, let length):
            "\(documents) documents, the longest of \(longest) tokens, expected at least one sequence of \(length): give "
                + "longer documents or shorter sequences"
        case .fieldOfTokens(let file): "\(file): token ids, which have no fields; --text-field needs a text"
        case .notOneTensor(let file, let found):
            "\(file): expected one integer tensor of token ids, [tokens] or [sequences, length], found "
                + (found.isEmpty ? "none" : found.joined(separator: "; "))
        case .noTokens(let file, let tensor, let shape):
            shape.count == 2 && shape[0] > 0
                ? "\(file): \(tensor) has shape \(shape): sequences of length 0, expected at least one token in each"
                : "\(file): \(tensor) has shape \(shape): no \(shape.count == 2 ? "sequences" : "tokens"), expected some"
        case .idTooLarge(let file, let tensor, let position):
            "\(file): element \(position) of \(tensor) is no 32-bit token id"
        case .idOutOfVocabulary(let id, let position, let size):
            "token \(id) at position \(position) is not in the model's vocabulary of \(size)"
        case .tooShort(let tokens, let length):
            "the calibration text has \(tokens) tokens, expected at least one sequence of \(length)"
        case .lengthMismatch(let found, let expected):
            "the ready-made sequences have \(found) tokens each, --sequence-length is \(expected)"
        case .tooFewSequences(let found, let expected):
            "\(found) ready-made sequences, --samples is \(expected)"
        case .sequencesWhereTextExpected(let file):
            "\(file): expected the ids of one text, [tokens], found sequences, [sequences, length]"
        case .lengthBeyondModel(let length, let maximum):
            "sequences of \(length) tokens were requested, the model takes at most \(maximum)"
        }
    }
}
