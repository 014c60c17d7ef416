import AdaDimCalibration
import AdaDimEvaluation
import AdaDimTokenizer
import Foundation

/// What a text is evaluated by: all its tokens, and the windows that are taken of them.
struct EvaluatedText {
    let tokens: [Int32]
    let windows: PerplexityWindows

    /// - Parameters:
    ///   - file: UTF-8 text, or a .safetensors file with the ids of one, [tokens].
    ///   - textField: the field of a JSON Lines file that has a line's document; nil for a file that is one text.
    ///   - length: tokens of a window.
    ///   - limit: how many windows to take; nil for all.
    ///   - notice: called with what is right but surprising.
    ///   - tokenizer: loads the model's tokenizer.
    init(
        file: URL, textField: String?, length: Int, limit: Int?, notice: (String) -> Void,
        tokenizer: () throws -> Tokenizer
    ) throws {
        switch try TokenSource(file: file, textField: textField, notice: notice, tokenizer: tokenizer) {
        case .text(let ids):
            tokens = ids
            windows = try PerplexityWindows(tokens: ids.count, length: length, limit: limit)
        case .documents(let documents):
            let counts = documents.map(\.count)
            tokens = Array(documents.joined())
            windows = try PerplexityWindows(documents: counts, length: length, limit: limit)
            if let words = try LongDocuments(counts, length: length).notice(file: file.relativePath) { notice(words) }
        case .sequences: throw CorpusError.sequencesWhereTextExpected(file: file.path)
        }
    }
}
