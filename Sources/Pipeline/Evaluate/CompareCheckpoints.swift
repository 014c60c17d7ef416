import AdaDimCheckpoint
import AdaDimDecoder
import AdaDimEvaluation
import AdaDimExport
import AdaDimFiles
import AdaDimReports
import AdaDimTokenizer
import Foundation
import Logging

/// Holds variants of a model, dense or packed by this tool, against the original on the same windows of a text.
package struct CompareCheckpoints: Sendable {
    package let original: URL
    package let variants: [URL]
    /// UTF-8 text, or a .safetensors file with the ids of one, [tokens].
    package let text: URL
    /// The field of a JSON Lines file that has a line's document; nil for a file that is one text.
    package let textField: String?
    package let sequenceLength: Int
    /// How many windows to take, spread evenly over the text; nil for all.
    package let sequences: Int?

    private let log: Logger

    package init(
        original: URL, variants: [URL], text: URL, textField: String? = nil, sequenceLength: Int = 512,
        sequences: Int? = nil, log: Logger = Logger(label: "adadim")
    ) {
        self.log = log
        self.original = original
        self.variants = variants
        self.text = text
        self.textField = textField
        self.sequenceLength = sequenceLength
        self.sequences = sequences
    }

    /// A directory's name in the output: the path as given, or the directory's own name if the path has none.
    private static func name(_ directory: URL) -> String {
        let last = directory.relativePath.withoutClosingSlashes.lastComponent
        return ["", "/", "."].contains(last) || last == ".."
            ? directory.standardizedFileURL.lastPathComponent : directory.relativePath
    }

    /// - Parameter progress: called with the name of the model that is run.
    package func run(
        progress: (String, EvaluationProgress) throws -> Void = { _, _ in }
    ) throws -> ModelComparison {
        let places = variants.map { (realPath($0.path) ?? $0.standardizedFileURL.path).pathBytes }
        for (index, place) in places.enumerated() where places[..<index].contains(place) {
            throw ComparisonError.variantTwice(name: Self.name(variants[index]))
        }
        let report = original.appending(path: QuantizationReport.fileName)
        if FileStatus.kind(of: report.path) == .file {
            log.warning("\(Self.name(original)) is a quantized model, and is used as the original here")
        }
        // All are opened before any is run.
        let models = try ([original] + variants).map { directory in
            (
                name: Self.name(directory),
                model: try DecoderModel(Checkpoint(directory: directory, allowingQuantized: true, log: log))
            )
        }
        let evaluated = try EvaluatedText(
            file: text, textField: textField, length: sequenceLength, limit: sequences,
            notice: { log.notice("\($0)") }, tokenizer: { try Tokenizer(model: original) })
        return try ModelComparison(
            of: models[0], with: Array(models.dropFirst()), on: evaluated.tokens, windows: evaluated.windows,
            progress: progress)
    }
}
