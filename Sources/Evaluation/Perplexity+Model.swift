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
        let configuration = model.configuration
        guard windows.length <= configuration.maximumLength else {
            throw PerplexityError.windowTooLong(windows.length, maximum: configuration.maximumLength)
        }
        for (position, id) in tokens.enumerated() where id < 0 || Int(id) >= configuration.vocabularySize {
            throw PerplexityError.tokenOutOfVocabulary(
                id: Int(id), position: position, vocabularySize: configuration.vocabularySize)
        }
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
