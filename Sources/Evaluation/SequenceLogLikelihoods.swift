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
    /// For each sequence, of its tokens 2 to the last, in nats. The first has no token before it.
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
        let rounds = SequenceRounds(sequences, hiddenBytes: hiddenBytes, batchBytes: batchBytes, model)
        var values: [[Double]] = []
        for round in rounds.indices {
            values += try Self.ofTargets(
                model, rounds.outputs(of: model, round: round, progress: progress), rounds[round])
        }
        self.values = values
    }

    private static func ofTargets(
        _ model: DecoderModel, _ outputs: [Matrix<Float>], _ sequences: ArraySlice<[Int32]>
    ) throws -> [[Double]] {
        // A token's logits predict the next one; those of a sequence's last token predict nothing, so any target does.
        let targets = sequences.flatMap { $0.dropFirst() + [0] }
        var likelihoods = TargetLogLikelihoods(targets: targets)
        try model.eachLogits(outputs) { logits, rows, columns in likelihoods.add(logits, rows: rows, columns: columns) }
        let values = likelihoods.values
        var start = 0
        return sequences.map { sequence in
            defer { start += sequence.count }
            return Array(values[start..<start + sequence.count - 1])
        }
    }
}
