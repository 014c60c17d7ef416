/// Why perplexity cannot be taken.
package enum PerplexityError: Error, Equatable, CustomStringConvertible, Sendable {
    case windowTooShort(Int)
    case windowTooLong(Int, maximum: Int)
    case noWindowsRequested(Int)
    case textTooShort(tokens: Int, windowLength: Int)
    case documentsTooShort(documents: Int, longest: Int, windowLength: Int)
    case tokenOutOfVocabulary(id: Int, position: Int, vocabularySize: Int)
    case notFinite(window: Int, position: Int)

    package var description: String {
        switch self {
        case .windowTooShort(let length):
            "windows of \(length) tokens, expected at least 2: the first token of a window is not predicted"
        case .windowTooLong(let length, let maximum):
            "windows of \(length) tokens, but config.json says that the model takes at most \(maximum)"
        case .noWindowsRequested(let count): "\(count) windows were requested, expected at least 1"
        case .textTooShort(let tokens, let length):
            "the text has \(tokens) tokens, expected at least one window of \(length): give a longer text or shorter windows"
        case .documentsTooShort(let documents, let longest, let length):
            "\(documents) documents, the longest of \(longest) tokens, expected at least one window of \(length): give longer "
                + "documents or shorter windows"
        case .tokenOutOfVocabulary(let id, let position, let size):
            "token \(position) of the text has id \(id), expected one of the vocabulary's 0 to \(size - 1)"
        case .notFinite(let window, let position):
            "window \(window), token \(position): its log-likelihood is not a finite number"
        }
    }
}
