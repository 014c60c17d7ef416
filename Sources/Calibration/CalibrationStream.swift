import AdaDimDecoder
import AdaDimLinearAlgebra

/// The hidden states of all calibration samples on their way through the decoder blocks, in batches whose products are
/// large. All batches stand at the same stage of the same block.
package struct CalibrationStream: Sendable {
    private var batches: [BlockState]

    /// Bytes of one [intermediate, tokens] matrix of a batch, at most, but for one of the fewest tokens.
    private static let batchBudget = 32 << 20
    /// Every batch reads and writes a whole Gram matrix once, n² numbers for n²·tokens flops: with fewer tokens memory would
    /// set the pace.
    private static let fewestTokens = 2048

    /// How many sequences of `length` tokens go into a batch.
    package static func sequencesPerBatch(length: Int, intermediateSize: Int) -> Int {
        max(1, batchBudget / (4 * intermediateSize * length), (fewestTokens + length - 1) / length)
    }

    /// The embeddings of the samples, in front of block 0.
    package init(_ samples: CalibrationSamples, _ model: DecoderModel) throws {
        let length = samples.sequences.first?.count ?? 1
        let perBatch = Self.sequencesPerBatch(
            length: length, intermediateSize: model.configuration.intermediateSize)
        batches = try stride(from: 0, to: samples.sequences.count, by: perBatch).map { start in
            let end = min(start + perBatch, samples.sequences.count)
            return try model.embed(Array(samples.sequences[start..<end]), firstSequence: start)
        }
    }

    /// The Gram matrix of the inputs that the linear layers of the current stage see, over all samples.
    /// - Parameter between: called after every batch; what it throws ends the sum.
    package func gram(
        in block: DecoderBlock, order: Int, between: () throws -> Void = {}
    ) throws -> Gram<Float> {
        var gram = Gram<Float>(order: order)
        for batch in batches {
            try gram.accumulate(block.input(of: batch))
            try between()
        }
        return gram
    }

    /// Takes every batch through the current stage of `block`, with the weights that it has now.
    /// - Parameter between: called after every batch; what it throws leaves the batches at different stages.
    package mutating func advance(through block: DecoderBlock, between: () throws -> Void = {}) throws {
        for index in batches.indices {
            let input = block.input(of: batches[index])
            try block.advance(&batches[index], input: input)
            try between()
        }
    }
}
