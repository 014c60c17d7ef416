import AdaDimCheckpoint
import AdaDimLinearAlgebra

/// A decoder-only language model in a directory: token ids → hidden states → blocks, one in memory at a time → logits.
package struct DecoderModel: Sendable {
    package let checkpoint: Checkpoint
    package var configuration: ModelConfiguration { checkpoint.configuration }
    private let finalNorm: RootMeanSquareNorm
    /// Embeds tokens in the place of the checkpoint's table: [hidden, tokens] of their ids.
    private var embeddings: (@Sendable ([Int32]) -> Matrix<Float>)?

    /// - Parameter givesLogits: whether logits will be computed. Without logits a model needs no output projection;
    ///   embedding models and classifiers have none.
    /// - Throws: ``CheckpointError`` where any tensor of the model is missing or misshapen, in whatever block, or where a part of
    ///   the model is not computed.
    package init(_ checkpoint: Checkpoint, givesLogits: Bool = true) throws(CheckpointError) {
        try checkpoint.validateTensors(needsOutput: givesLogits)
        self.checkpoint = checkpoint
        let configuration = checkpoint.configuration
        let weight = try checkpoint.vector(
            configuration.architecture.names.finalNormWeight, count: configuration.hiddenSize)
        finalNorm = RootMeanSquareNorm(
            weight: Matrix(columnMajor: weight, rows: weight.count, columns: 1), epsilon: configuration.rmsNormEpsilon)
    }

    /// The embedded tokens of some sequences, one batch, before block 0.
    /// - Parameter firstSequence: number of the first of them, for errors.
    /// - Throws: ``DecoderError/tokenOutOfVocabulary``, or an error of the checkpoint.
    package func embed(_ sequences: [[Int32]], firstSequence: Int = 0) throws -> BlockState {
        for (sequence, tokens) in sequences.enumerated() {
            for (position, id) in tokens.enumerated() where id < 0 || Int(id) >= configuration.vocabularySize {
                throw DecoderError.tokenOutOfVocabulary(
                    id: Int(id), sequence: firstSequence + sequence, position: position,
                    vocabularySize: configuration.vocabularySize)
            }
        }
        let ids = sequences.flatMap { $0 }
        let hidden = try embeddings?(ids) ?? checkpoint.rows(of: checkpoint.embeddingName, ids: ids)
        let layout = SequenceLayout(lengths: sequences.map(\.count), firstNumber: firstSequence)
        return BlockState(hidden: hidden, layout, configuration)
    }

    /// The same model with other embeddings.
    /// - Parameter embeddings: [hidden, tokens] of ids of the vocabulary.
    package func embedding(by embeddings: @escaping @Sendable ([Int32]) -> Matrix<Float>) -> DecoderModel {
        var model = self
        model.embeddings = embeddings
        return model
    }

    /// Releases the file pages of the embeddings.
    package func releaseEmbeddings() { checkpoint.release([checkpoint.embeddingName]) }

    /// Reads a block from the checkpoint.
    package func block(_ index: Int) throws(CheckpointError) -> DecoderBlock {
        try DecoderBlock(index: index, from: checkpoint)
    }

    /// The input of the output projection, [hidden, tokens]: the hidden states after the last block, normalized.
    package func normalizedOutput(_ state: BlockState) throws(DecoderError) -> Matrix<Float> {
        let normalized = finalNorm.applied(to: state.hidden)
        if let (feature, token) = normalized.firstNonFinite {
            let (sequence, position) = state.layout.place(of: token)
            throw .nonFiniteFinalState(feature: feature, sequence: sequence, position: position)
        }
        return normalized
    }

    /// Some rows of the output projection, transposed: [hidden, rows], a token of the vocabulary per column.
    package func outputPanel(_ rows: Range<Int>) throws(CheckpointError) -> Matrix<Float> {
        try checkpoint.rowPanel(of: checkpoint.outputName(), rows: rows)
    }

    /// Releases the file pages of the output projection.
    package func releaseOutput() { if let name = try? checkpoint.outputName() { checkpoint.release([name]) } }

    /// Logits of a batch, [vocabulary, tokens]: for small batches, since all of them are held.
    package func logits(of sequences: [[Int32]]) throws -> Matrix<Float> {
        var state = try embed(sequences)
        for index in 0..<configuration.blockCount { try block(index).forward(&state) }
        let normalized = try normalizedOutput(state)
        var logits = Matrix<Float>(uninitialized: configuration.vocabularySize, normalized.columns)
        for start in stride(from: 0, to: logits.rows, by: Self.panelLength) {
            let rows = start..<min(start + Self.panelLength, logits.rows)
            let panel = try outputPanel(rows)
            logits.withMutableView { logits in
                panel.withView { panel in
                    normalized.withView {
                        gemm(1, panel, .transposed, $0, .none, 0, logits[rows: rows, columns: 0..<$0.columns])
                    }
                }
            }
        }
        releaseOutput()
        return logits
    }

    /// Rows of the output projection that are worth holding at once.
    package static let panelLength = 4096
}
