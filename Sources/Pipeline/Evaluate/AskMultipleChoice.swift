import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimEvaluation
import AdaDimTokenizer
import Foundation
import Logging

/// Puts multiple-choice questions to a model directory, dense or packed by this tool.
package struct AskMultipleChoice: Sendable {
    /// A JSON object per line.
    package let file: URL
    /// How many questions of the file are shown as examples.
    package let examples: Int

    private let log: Logger

    package init(file: URL, examples: Int, log: Logger = Logger(label: "adadim")) {
        self.log = log
        self.file = file
        self.examples = examples
    }

    package func run(
        _ model: URL, progress: (EvaluationProgress) throws -> Void = { _ in }
    ) throws -> MultipleChoiceScores {
        let questions = try MultipleChoiceQuestion.read(file)
        let checkpoint = try Checkpoint(directory: model, allowingQuantized: true, log: log)
        return try MultipleChoiceScores(
            of: DecoderModel(checkpoint), Tokenizer(model: model), on: questions, examples: examples, file: file.path,
            progress: progress)
    }
}
