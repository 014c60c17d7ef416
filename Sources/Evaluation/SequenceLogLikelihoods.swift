import AdaDimDecoder
import AdaDimLinearAlgebra

/// How far an evaluation has come.
package struct EvaluationProgress: Sendable, Equatable {
    /// Rounds that the sequences are divided into so that their hidden states fit in memory; usually one.
    package let round: Int
    package let rounds: Int
    /// Decoder blocks that the round's sequences have passed.
    package let block: Int
    package let blocks: Int
}

/// What a model thinks of the tokens of some sequences.
package struct SequenceLogLikelihoods: Sendable {
    /// For each sequence, of its tokens 2 to the last, in nats. The first has nothing in front of it.
    package let values: [[Double]]

    /// Runs `model` over sequences of any lengths. Each block's weights are read once a round: blocks are the outer loop,
    /// batches of sequences the inner one.
    /// - Parameters:
    ///   - hiddenBytes: what the hidden states of one round may take, but for a single longer sequence.
    ///   - batchBytes: what one [intermediate, tokens] matrix of a batch may take, likewise: the tokens of a batch pass
    ///     a linear layer in one product.
    ///   - progress: called before the first block and after each one; what it throws ends the evaluation.
    /// - Precondition: no sequence is empty.
    package init(
        of sequences: [[Int32]], in model: DecoderModel, hiddenBytes: Int = 256 << 20, batchBytes: Int = 16 << 20,
        progress: (EvaluationProgress) throws -> Void = { _ in }
    ) throws {
        let configuration = model.configuration
        let rounds = sequences[...].chunks(tokens: hiddenBytes / (4 * configuration.hiddenSize))
        let perBatch = batchBytes / (4 * configuration.intermediateSize)

        var values: [[Double]] = []
        for (index, round) in rounds.enumerated() {
            func report(_ block: Int) throws {
                try progress(
                    EvaluationProgress(
                        round: index, rounds: rounds.count, block: block, blocks: configuration.blockCount))
            }
            var batches = try round.chunks(tokens: perBatch).map {
                try model.embed(Array($0), firstSequence: $0.startIndex)
            }
            try report(0)
            for block in 0..<configuration.blockCount {
                let decoderBlock = try model.block(block)
                for batch in batches.indices { try decoderBlock.forward(&batches[batch]) }
                try report(block + 1)
            }
            values += try Self.ofTargets(model, consume batches, round)
        }
        self.values = values
    }

    /// Panels of the output projection are the outer loop, so that it too is read once.
    private static func ofTargets(
        _ model: DecoderModel, _ batches: [BlockState], _ sequences: ArraySlice<[Int32]>
    ) throws -> [[Double]] {
        let inputs = try batches.map { try model.normalizedOutput($0) }
        // A token's logits predict the next one; those of a sequence's last token predict nothing, so any target does.
        let targets = sequences.flatMap { $0.dropFirst() + [0] }
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
        var start = 0
        return sequences.map { sequence in
            defer { start += sequence.count }
            return Array(values[start..<start + sequence.count - 1])
        }
    }
}

extension ArraySlice<[Int32]> {
    /// Runs of neighbours that have at most so many tokens together, or are one.
    fileprivate func chunks(tokens most: Int) -> [ArraySlice] {
        var chunks: [ArraySlice] = []
        var (start, tokens) = (startIndex, 0)
        for index in indices {
            if index > start && tokens + self[index].count > most {
                chunks.append(self[start..<index])
                (start, tokens) = (index, 0)
            }
            tokens += self[index].count
        }
        if start < endIndex { chunks.append(self[start..<endIndex]) }
        return chunks
    }
}
