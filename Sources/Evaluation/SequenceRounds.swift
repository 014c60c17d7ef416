import AdaDimDecoder
import AdaDimLinearAlgebra

/// Sequences on their way through a model, in rounds whose hidden states fit in memory. Each block's weights are read once a
/// round: blocks are the outer loop, batches of sequences the inner one.
struct SequenceRounds {
    private let rounds: [ArraySlice<[Int32]>]
    private let tokensPerBatch: Int

    /// - Parameters:
    ///   - hiddenBytes: what the hidden states of one round may take, but for a single longer sequence.
    ///   - batchBytes: what one [intermediate, tokens] matrix of a batch may take, likewise.
    ///   - model: whose sizes count.
    init(_ sequences: [[Int32]], hiddenBytes: Int, batchBytes: Int, _ model: DecoderModel) {
        rounds = sequences[...].chunks(tokens: hiddenBytes / (4 * model.configuration.hiddenSize))
        tokensPerBatch = batchBytes / (4 * model.configuration.intermediateSize)
    }

    var indices: Range<Int> { rounds.indices }

    /// The sequences of a round.
    subscript(round: Int) -> ArraySlice<[Int32]> { rounds[round] }

    /// What the output projection reads, [hidden, tokens] of each batch of a round.
    /// - Parameter progress: called before the first block and after each one; what it throws ends the evaluation.
    func outputs(
        of model: DecoderModel, round: Int, progress: (EvaluationProgress) throws -> Void
    ) throws -> [Matrix<Float>] {
        let blocks = model.configuration.blockCount
        func report(_ block: Int) throws {
            try progress(EvaluationProgress(round: round, rounds: rounds.count, block: block, blocks: blocks))
        }
        var batches = try rounds[round].chunks(tokens: tokensPerBatch).map {
            try model.embed(Array($0), firstSequence: $0.startIndex)
        }
        try report(0)
        for block in 0..<blocks {
            let decoderBlock = try model.block(block)
            for batch in batches.indices { try decoderBlock.forward(&batches[batch]) }
            try report(block + 1)
        }
        return try batches.map { try model.normalizedOutput($0) }
    }
}

extension DecoderModel {
    /// Calls `body` with logits, for a panel of the vocabulary and a batch at a time: panels are the outer loop, so
    /// that the projection is read once.
    /// - Parameters:
    ///   - outputs: [hidden, tokens] of each batch.
    ///   - body: logits [rows, columns] of vocabulary entries and of tokens, counted over all batches.
    func eachLogits(
        _ outputs: [Matrix<Float>], _ body: (MatrixView<Float>, _ rows: Range<Int>, _ columns: Range<Int>) -> Void
    ) throws {
        let vocabulary = configuration.vocabularySize
        let most = outputs.lazy.map(\.columns).max() ?? 0
        var logits = Matrix<Float>(uninitialized: min(Self.panelLength, vocabulary), most)
        for start in stride(from: 0, to: vocabulary, by: Self.panelLength) {
            let rows = start..<min(start + Self.panelLength, vocabulary)
            let panel = try outputPanel(rows)
            var first = 0
            for output in outputs {
                logits.withMutableView { logits in
                    let part = logits[rows: 0..<rows.count, columns: 0..<output.columns]
                    panel.withView { panel in output.withView { gemm(1, panel, .transposed, $0, .none, 0, part) } }
                    body(part.reading, rows, first..<first + output.columns)
                }
                first += output.columns
            }
        }
        releaseOutput()
    }
}

extension ArraySlice<[Int32]> {
    /// Runs of neighbours that have at most so many tokens together, or are one.
    func chunks(tokens most: Int) -> [ArraySlice] {
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
