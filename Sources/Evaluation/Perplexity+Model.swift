import AdaDimDecoder
import AdaDimLinearAlgebra

/// How far an evaluation has come.
package struct EvaluationProgress: Sendable, Equatable {
    /// Rounds that the windows are divided into so that their hidden states fit in memory; usually one.
    package let round: Int
    package let rounds: Int
    /// Decoder blocks that the round's windows have passed.
    package let block: Int
    package let blocks: Int
}

extension Perplexity {
    /// Runs `model` over windows of a text. Each block's weights are read once a round: blocks are the outer loop,
    /// batches of windows the inner one.
    /// - Parameters:
    ///   - tokens: ids of the whole text.
    ///   - windows: from ``PerplexityWindows/init(tokens:length:limit:)`` for the same text.
    ///   - hiddenBytes: what the hidden states of one round may take, but for a single longer window.
    ///   - batchBytes: what one [intermediate, tokens] matrix of a batch may take, likewise: the tokens of a batch pass
    ///     a linear layer in one product.
    ///   - progress: called before the first block and after each one; what it throws ends the evaluation.
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
        let texts = windows.windows(of: tokens)
        let perRound = max(1, hiddenBytes / (4 * configuration.hiddenSize * windows.length))
        let perBatch = max(1, batchBytes / (4 * configuration.intermediateSize * windows.length))
        let rounds = texts.chunks(of: perRound)

        var logLikelihoods: [Double] = []
        for (index, round) in rounds.enumerated() {
            func report(_ block: Int) throws {
                try progress(
                    EvaluationProgress(
                        round: index, rounds: rounds.count, block: block, blocks: configuration.blockCount))
            }
            var batches = try round.chunks(of: perBatch).map {
                try model.embed(Array($0), firstSequence: $0.startIndex)
            }
            try report(0)
            for block in 0..<configuration.blockCount {
                let decoderBlock = try model.block(block)
                for batch in batches.indices { try decoderBlock.forward(&batches[batch]) }
                try report(block + 1)
            }
            logLikelihoods += try Self.windowLogLikelihoods(
                model, consume batches, texts: round, firstWindow: logLikelihoods.count)
        }
        self.init(windowLength: windows.length, windowLogLikelihoods: logLikelihoods)
    }

    /// Σ of the log-likelihoods of tokens 2 to the last of each window. Panels of the output projection are the outer
    /// loop, so that it too is read once.
    private static func windowLogLikelihoods(
        _ model: DecoderModel, _ batches: [BlockState], texts: ArraySlice<[Int32]>, firstWindow: Int
    ) throws -> [Double] {
        let inputs = try batches.map { try model.normalizedOutput($0) }
        // A token's logits predict the next one; those of a window's last token predict nothing, so any target does.
        let targets = texts.flatMap { $0.dropFirst() + [0] }
        var likelihoods = TargetLogLikelihoods(targets: targets)
        let vocabulary = model.configuration.vocabularySize
        let most = inputs.lazy.map(\.columns).max() ?? 0
        var logits = Matrix<Float>(uninitialized: min(DecoderModel.panelLength, vocabulary), most)
        for start in stride(from: 0, to: vocabulary, by: DecoderModel.panelLength) {
            let rows = start..<min(start + DecoderModel.panelLength, vocabulary)
            let panel = try model.outputPanel(rows)
            var first = 0
            for input in inputs {
                logits.withMutableView { logits in
                    let part = logits[rows: 0..<rows.count, columns: 0..<input.columns]
                    panel.withView { panel in input.withView { gemm(1, panel, .transposed, $0, .none, 0, part) } }
                    likelihoods.add(part.reading, rows: rows, columns: first..<first + input.columns)
                }
                first += input.columns
            }
        }
        model.releaseOutput()

        let values = likelihoods.values
        let length = targets.count / max(texts.count, 1)
        return try stride(from: 0, to: values.count, by: length).enumerated().map { window, start in
            for position in 0..<length - 1 where !values[start + position].isFinite {
                throw PerplexityError.notFinite(window: firstWindow + window, position: position + 1)
            }
            return values[start..<start + length - 1].reduce(0, +)
        }
    }
}

extension Array {
    /// The elements in runs of `length`, the last one shorter.
    fileprivate func chunks(of length: Int) -> [ArraySlice<Element>] { self[...].chunks(of: length) }
}

extension ArraySlice {
    fileprivate func chunks(of length: Int) -> [ArraySlice<Element>] {
        stride(from: startIndex, to: endIndex, by: length).map { self[$0..<Swift.min($0 + length, endIndex)] }
    }
}
