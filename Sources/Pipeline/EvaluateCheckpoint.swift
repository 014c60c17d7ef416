import AdaDimCalibration
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
    package let sequenceLength: Int
    /// How many windows to take, spread evenly over the text; nil for all.
    package let sequences: Int?

    private let log: Logger

    package init(
        model: URL, text: URL, sequenceLength: Int = 512, sequences: Int? = nil, log: Logger = Logger(label: "adadim")
    ) {
        self.log = log
        self.model = model
        self.text = text
        self.sequenceLength = sequenceLength
        self.sequences = sequences
    }

    package func run(
        progress: (EvaluationProgress) throws -> Void = { _ in }
    ) throws -> Perplexity {
        let decoder = try DecoderModel(Checkpoint(directory: model, allowingQuantized: true, log: log))
        let source = try TokenSource(file: text) { try Tokenizer(model: model) }
        guard case .text(let ids) = source else { throw CorpusError.sequencesWhereTextExpected(file: text.path) }
        let windows = try PerplexityWindows(tokens: ids.count, length: sequenceLength, limit: sequences)
        return try Perplexity(of: decoder, on: ids, windows: windows, progress: progress)
    }
}

extension Tokenizer {
    /// The tokenizer of a model directory.
    init(model: URL) throws(TokenizerError) {
        try self.init(file: model.appending(path: "tokenizer.json"))
    }
}
