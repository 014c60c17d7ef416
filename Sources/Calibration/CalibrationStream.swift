import AdaDimDecoder
import AdaDimLinearAlgebra

/// The hidden states of all calibration samples on their way through the decoder blocks, in batches whose products are
/// large. All batches stand at the same stage of the same block.
package struct CalibrationStream: Sendable {
    private var batches: [BlockState]
    /// Whether batches go through a block side by side, each on a thread of its own, with no wait inside a product.
    private let runsSideBySide: Bool

    /// Bytes of one [intermediate, tokens] matrix of a batch, at most, but for one of the fewest tokens.
    private static let batchBudget = 32 << 20
    /// Every batch reads and writes a whole Gram matrix once, n² numbers for n²·tokens flops: with fewer tokens memory would
    /// set the pace.
    private static let fewestTokens = 2048
    /// Bytes of one [intermediate, tokens] matrix up to which as many batches as there are threads go through a block side
    /// by side; larger ones go one after another, their products on all threads.
    private static let sideBySideBudget = 128 << 20

    /// How many sequences of `length` tokens go into a batch.
    package static func sequencesPerBatch(length: Int, intermediateSize: Int) -> Int {
        max(1, batchBudget / (4 * intermediateSize * length), (fewestTokens + length - 1) / length)
    }

    /// The sequences of each batch: a multiple of eight batches, which most numbers of threads share evenly, if that leaves
    /// each the fewest tokens. The number of threads itself does not enter: sums over batches must not depend on it.
    package static func batches(sequences: Int, length: Int, intermediateSize: Int) -> [Range<Int>] {
        let most = sequencesPerBatch(length: length, intermediateSize: intermediateSize)
        let fewest = (fewestTokens + length - 1) / length
        var count = (sequences + most - 1) / most
        let even = (count + 7) / 8 * 8
        if even * fewest <= sequences { count = even }
        return (0..<count).map { $0 * sequences / count..<($0 + 1) * sequences / count }
    }

    /// The embeddings of the samples, in front of block 0.
    package init(_ samples: CalibrationSamples, _ model: DecoderModel) throws {
        let length = samples.sequences.first?.count ?? 1
        let (intermediate, threads) = (model.configuration.intermediateSize, BLASLibrary.threadCount)
        let ranges = Self.batches(
            sequences: samples.sequences.count, length: length, intermediateSize: intermediate)
        let largest = ranges.lazy.map(\.count).max() ?? 0
        runsSideBySide =
            ranges.count >= threads && 4 * intermediate * length * largest * threads <= Self.sideBySideBudget
        batches = try ranges.map {
            try model.embed(Array(samples.sequences[$0]), firstSequence: $0.lowerBound)
        }
    }

    /// The Gram matrix of the inputs that the linear layers of the current stage see, over all samples. Each batch keeps its
    /// inputs for ``advance(through:between:)``.
    /// - Parameter between: called after every batch; what it throws ends the sum.
    package mutating func gram(
        in block: DecoderBlock, order: Int, between: () throws -> Void = {}
    ) throws -> Gram<Float> {
        var gram = Gram<Float>(order: order)
        for index in batches.indices {
            block.keepInput(of: &batches[index]).withView { gram.accumulate(finite: $0) }
            try between()
        }
        return gram
    }

    /// Takes every batch through the current stage of `block`, with the weights that it has now.
    /// - Parameter between: called after every batch, or every few that run side by side; what it throws leaves the batches
    ///   at different stages.
    package mutating func advance(through block: DecoderBlock, between: () throws -> Void = {}) throws {
        let atOnce = runsSideBySide ? BLASLibrary.threadCount : 1
        for start in stride(from: 0, to: batches.count, by: atOnce) {
            let range = start..<min(start + atOnce, batches.count)
            try concurrentlyUpdating(&batches, in: range) { (batch) throws(DecoderError) in try block.advance(&batch) }
            try between()
        }
    }
}
