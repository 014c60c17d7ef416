import AdaDimCheckpoint
import AdaDimDecoder

extension Perplexity {
    /// Runs `model` over windows of a text.
    /// - Parameters:
    ///   - tokens: ids of the whole text.
    ///   - windows: from ``PerplexityWindows/init(tokens:length:limit:)`` for the same text.
    ///   - hiddenBytes: as for ``SequenceLogLikelihoods/init(of:in:hiddenBytes:batchBytes:progress:)``, like the rest.
    package init(
        of model: DecoderModel, on tokens: [Int32], windows: PerplexityWindows,
        hiddenBytes: Int = 256 << 20, batchBytes: Int = 16 << 20,
        progress: (EvaluationProgress) throws -> Void = { _ in }
    ) throws {
        try windows.check(tokens, model.configuration)
        let likelihoods = try SequenceLogLikelihoods(
            of: windows.windows(of: tokens), in: model, hiddenBytes: hiddenBytes, batchBytes: batchBytes,
            progress: progress)
        for (window, values) in likelihoods.values.enumerated() {
            if let position = values.firstIndex(where: { !$0.isFinite }) {
                throw PerplexityError.notFinite(window: window, position: position + 1)
            }
        }
        self.init(windowLength: windows.length, windowLogLikelihoods: likelihoods.values.map { $0.reduce(0, +) })
    }
}

extension PerplexityWindows {
    /// Throws where a model cannot take the windows or the text.
    /// - Parameter tokens: ids of the whole text.
    func check(_ tokens: [Int32], _ configuration: ModelConfiguration) throws(PerplexityError) {
        guard length <= configuration.maximumLength else {
            throw .windowTooLong(length, maximum: configuration.maximumLength)
        }
        for (position, id) in tokens.enumerated() where id < 0 || Int(id) >= configuration.vocabularySize {
            throw .tokenOutOfVocabulary(
                id: Int(id), position: position, vocabularySize: configuration.vocabularySize)
        }
    }
}
