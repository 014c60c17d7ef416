import AdaDimCorrection
import AdaDimDecoder
import AdaDimLinearAlgebra

/// The hidden states of all calibration samples as they go through the decoder blocks, in batches whose products are
/// large. All batches are at the same stage of the same block.
package struct CalibrationStream: Sendable {
    package private(set) var batches: [BlockState]
    /// Batches that go through a block at the same time: one, its products on all threads, or as many as there are
    /// threads, with no wait inside a product.
    package let batchesAtOnce: Int
    /// Square roots of the weights that each batch's tokens had in the last Gram matrix; nil where they counted the same.
    private var rootWeights: [[Float]?]

    /// Bytes of one [intermediate, tokens] matrix of a batch, at most, but for one of the fewest tokens.
    private static let batchBudget = 32 << 20
    /// Every batch reads and writes a whole Gram matrix once, n² numbers for n²·tokens flops: with fewer tokens memory
    /// would set the pace.
    private static let fewestTokens = 2048
    /// Bytes of one [intermediate, tokens] matrix up to which as many batches as there are threads go through a block
    /// side by side; larger ones go one after another, their products on all threads.
    private static let sideBySideBudget = 128 << 20

    /// How many sequences of `length` tokens go into a batch.
    package static func sequencesPerBatch(length: Int, intermediateSize: Int) -> Int {
        max(1, batchBudget / (4 * intermediateSize * length), (fewestTokens + length - 1) / length)
    }

    /// The sequences of each batch: a multiple of eight batches, which most numbers of threads share evenly, if that
    /// leaves each the fewest tokens. The number of threads itself does not enter: sums over batches must not depend on
    /// it.
    package static func batches(sequences: Int, length: Int, intermediateSize: Int) -> [Range<Int>] {
        let count = batchCount(sequences: sequences, length: length, intermediateSize: intermediateSize)
        return (0..<count).map { $0 * sequences / count..<($0 + 1) * sequences / count }
    }

    private static func batchCount(sequences: Int, length: Int, intermediateSize: Int) -> Int {
        let most = sequencesPerBatch(length: length, intermediateSize: intermediateSize)
        let fewest = (fewestTokens + length - 1) / length
        let count = (sequences + most - 1) / most
        let even = (count + 7) / 8 * 8
        return even * fewest <= sequences ? even : count
    }

    /// How many batches go through a block at the same time, and how many tokens the longest of them has.
    package static func atOnce(
        sequences: Int, length: Int, intermediateSize: Int, threads: Int
    ) -> (batches: Int, tokensOfEach: Int) {
        let count = batchCount(sequences: sequences, length: length, intermediateSize: intermediateSize)
        let longest = count > 0 ? (sequences + count - 1) / count * length : 0
        let fit = count >= threads && 4 * intermediateSize * longest * threads <= sideBySideBudget
        return (fit ? threads : 1, longest)
    }

    /// The embeddings of the samples, before block 0.
    package init(_ samples: CalibrationSamples, _ model: DecoderModel) throws {
        let length = samples.sequences.first?.count ?? 1
        let (count, intermediate) = (samples.sequences.count, model.configuration.intermediateSize)
        batchesAtOnce =
            Self.atOnce(
                sequences: count, length: length, intermediateSize: intermediate, threads: BLASLibrary.threadCount
            ).batches
        batches = try Self.batches(sequences: count, length: length, intermediateSize: intermediate).map {
            try model.embed(Array(samples.sequences[$0]), firstSequence: $0.lowerBound)
        }
        rootWeights = Array(repeating: nil, count: batches.count)
        model.releaseEmbeddings()
    }

    /// The Gram matrix of the inputs of the current stage's linear layers, over all samples. Each batch keeps its
    /// inputs for ``advance(through:between:)``.
    /// - Parameters:
    ///   - weighting: how much each token counts.
    ///   - seeing: called with the inputs of every batch [in, tokens], in order.
    ///   - between: called after every batch; an error of it ends the sum.
    package mutating func gram(
        in block: DecoderBlock, order: Int, weighting: any TokenWeighting = EqualTokens(),
        seeing: (MatrixView<Float>) -> Void = { _ in }, between: () throws -> Void = {}
    ) throws -> Gram<Float> {
        var gram = try Gram<Float>(order: order)
        for index in batches.indices {
            let inputs = block.keepInput(of: &batches[index])
            rootWeights[index] = weighting.rootWeights(of: batches[index], in: block)
            weighted(inputs, batch: index).withView { gram.accumulate(finite: $0) }
            inputs.withView(seeing)
            try between()
        }
        return gram
    }

    /// The Gram matrix of the output projection's inputs, over all samples, which have passed the last block: all tokens count
    /// the same.
    /// - Parameter between: called after every batch; an error of it ends the sum.
    package func outputGram(_ model: DecoderModel, between: () throws -> Void = {}) throws -> Gram<Float> {
        var gram = try Gram<Float>(order: model.configuration.hiddenSize)
        for batch in batches {
            try model.normalizedOutput(batch).withView { gram.accumulate(finite: $0) }
            try between()
        }
        return gram
    }

    /// A batch's inputs [in, tokens] as they count.
    private func weighted(_ inputs: Matrix<Float>, batch: Int) -> Matrix<Float> {
        rootWeights[batch].map { inputs.scaledColumns(by: $0) } ?? inputs
    }

    /// Takes every batch through the current stage of `block`, with the weights that it has now.
    /// - Parameter between: called after every batch, or every few that run side by side; what it throws leaves the
    ///   batches at different stages.
    package mutating func advance(through block: DecoderBlock, between: () throws -> Void = {}) throws {
        for start in stride(from: 0, to: batches.count, by: batchesAtOnce) {
            let range = start..<min(start + batchesAtOnce, batches.count)
            try concurrentlyUpdating(&batches, in: range) { (batch) throws(DecoderError) in try block.advance(&batch) }
            try between()
        }
    }

    /// How far the inputs of another stream's current stage, weighted as in its last Gram matrix, differ from those of
    /// this one, the stream through the original model, which is at the same stage. Where the stage's output is added
    /// to the residual stream, that stream's shift is summed up too. Both keep their inputs for
    /// ``advance(through:between:)``.
    /// - Parameters:
    ///   - other: the stream whose inputs have moved.
    ///   - block: its block.
    ///   - originalBlock: this stream's block, the same untouched.
    ///   - between: called after every batch; an error of it ends the sum.
    package mutating func shift(
        of other: inout CalibrationStream, in block: DecoderBlock, originally originalBlock: DecoderBlock,
        order: Int, between: () throws -> Void = {}
    ) throws -> InputShift<Float> {
        let isAdded = batches.first.map { originalBlock.stage(of: $0).isAdded } ?? false
        var shift = try InputShift<Float>(order: order, residualRows: isAdded ? batches.first?.hidden.rows : nil)
        for index in batches.indices {
            let inputs = other.weighted(block.keepInput(of: &other.batches[index]), batch: index)
            let originals = other.weighted(originalBlock.keepInput(of: &batches[index]), batch: index)
            inputs.withView { inputs in
                originals.withView { originals in
                    other.batches[index].hidden.withView { hidden in
                        batches[index].hidden.withView { originalHidden in
                            shift.accumulate(
                                original: originals, shifted: inputs,
                                residual: isAdded ? (originalHidden, hidden) : nil)
                        }
                    }
                }
            }
            try between()
        }
        return shift
    }
}
