import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimEvaluation
import AdaDimTokenizer
import Foundation
import Logging

/// Measures the perplexity of a model directory, dense or packed by this tool, on a text.
package struct EvaluateCheckpoint: Sendable {
    package let model: URL
    /// UTF-8 text, or a .safetensors file with the ids of one, [tokens].
    package let text: URL
    /// The field of a JSON Lines file that has a line's document; nil for a file that is one text.
    package let textField: String?
    package let sequenceLength: Int
    /// How many windows to take, spread evenly over the text; nil for all.
    package let sequences: Int?

    private let log: Logger

    package init(
        model: URL, text: URL, textField: String? = nil, sequenceLength: Int = 512, sequences: Int? = nil,
        log: Logger = Logger(label: "adadim")
    ) {
        self.log = log
        self.model = model
        self.text = text
        self.textField = textField
        self.sequenceLength = sequenceLength
        self.sequences = sequences
    }

    package func run(
        progress: (EvaluationProgress) throws -> Void = { _ in }
    ) throws -> Perplexity {
        let decoder = try DecoderModel(Checkpoint(directory: model, allowingQuantized: true, log: log))
        let evaluated = try EvaluatedText(
            file: text, textField: textField, length: sequenceLength, limit: sequences,
            notice: { log.notice("\($0)") }, tokenizer: { try Tokenizer(model: model) })
        return try Perplexity(
            of: decoder, on: evaluated.tokens, windows: evaluated.windows, progress: progress)
    }
}
