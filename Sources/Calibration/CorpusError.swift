/// What is wrong with a text or with ready-made token ids.
package enum CorpusError: Error, Equatable, CustomStringConvertible, Sendable {
    case unreadable(file: String, reason: String)
    case notUTF8(file: String)
    case notOneTensor(file: String, found: [String])
    case idTooLarge(file: String, tensor: String, position: Int)
    case idOutOfVocabulary(id: Int32, position: Int, vocabularySize: Int)
    case tooShort(tokens: Int, length: Int)
    case lengthMismatch(found: Int, expected: Int)
    case tooFewSequences(found: Int, expected: Int)
    case sequencesWhereTextExpected(file: String)
    case lengthBeyondModel(length: Int, maximum: Int)

    package var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
        case .notUTF8(let file): "\(file): not UTF-8 text"
        case .notOneTensor(let file, let found):
            "\(file): expected one integer tensor of token ids, [tokens] or [sequences, length], found "
                + (found.isEmpty ? "none" : found.joined(separator: "; "))
        case .idTooLarge(let file, let tensor, let position):
            "\(file): element \(position) of \(tensor) is no 32-bit token id"
        case .idOutOfVocabulary(let id, let position, let size):
            "token \(id) at position \(position) is not in the model's vocabulary of \(size)"
        case .tooShort(let tokens, let length):
            "the calibration text has \(tokens) tokens, expected at least one sequence of \(length)"
        case .lengthMismatch(let found, let expected):
            "the ready-made sequences have \(found) tokens each, --sequence-length asks for \(expected)"
        case .tooFewSequences(let found, let expected):
            "\(found) ready-made sequences, --samples asks for \(expected)"
        case .sequencesWhereTextExpected(let file):
            "\(file): expected the ids of one text, [tokens], found sequences, [sequences, length]"
        case .lengthBeyondModel(let length, let maximum):
            "sequences of \(length) tokens were asked for, the model takes at most \(maximum)"
        }
    }
}
