import AdaDimDecoder
import AdaDimLinearAlgebra

/// The hidden states of all calibration samples on their way through the decoder blocks, in batches whose products are
/// large. All batches stand at the same stage of the same block.
package struct CalibrationStream: Sendable {
    private var batches: [BlockState]

    /// Bytes of one [intermediate, tokens] matrix of a batch, at most (but for a single longer sequence).
    private static let batchBudget = 32 << 20

    /// The embeddings of the samples, in front of block 0.
    package init(_ samples: CalibrationSamples, _ model: DecoderModel) throws {
        let length = samples.sequences.first?.count ?? 1
        let perBatch = max(1, Self.batchBudget / (4 * model.configuration.intermediateSize * length))
        batches = try stride(from: 0, to: samples.sequences.count, by: perBatch).map { start in
            let end = min(start + perBatch, samples.sequences.count)
            return try model.embed(Array(samples.sequences[start..<end]), firstSequence: start)
        }
    }

    /// The Gram matrix of the inputs that the linear layers of the current stage see, over all samples.
    package func gram(in block: DecoderBlock, order: Int) throws -> Gram<Float> {
        var gram = Gram<Float>(order: order)
        for batch in batches { try gram.accumulate(block.input(of: batch)) }
        return gram
    }

    /// Takes every batch through the current stage of `block`, with the weights that it has now.
    package mutating func advance(through block: DecoderBlock) throws(DecoderError) {
        for index in batches.indices {
            let input = block.input(of: batches[index])
            try block.advance(&batches[index], input: input)
        }
    }
}
