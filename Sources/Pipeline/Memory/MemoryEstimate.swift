import AdaDimArchitectures
import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimLinearAlgebra
import AdaDimQuantization

/// The memory that a run has in use when it uses most, in bytes: what grows with the calibration tokens, with a block
/// and with a layer. The process takes more, so this is a lower bound. The program itself, the tokenizer and the
/// buffers of BLAS come on top, some 40 MB; and so does what the allocator keeps of freed memory, which is no fixed
/// amount: up to three tenths where it was measured (`MemoryEstimateTests`).
package struct MemoryEstimate: Sendable, Equatable {
    package let bytes: Double

    /// Counts in Double, where no product overflows.
    /// - Parameters:
    ///   - size: of the calibration samples.
    ///   - run: the parts of the run.
    /// - Throws: ``QuantizationError/tooLargeToCount(rows:columns:)``.
    package init(
        _ configuration: ModelConfiguration, _ plan: LayerPlan, _ size: CalibrationSize, _ run: RunMemory,
        threads: Int = BLASLibrary.threadCount
    ) throws(QuantizationError) {
        let tokens = TokenMemory(configuration, size, threads: threads)
        // Ids, positions and the residual streams.
        let ofToken = 4 + 8 + 4 * Double(configuration.hiddenSize) * Double(run.targets.streams)
        // Of blocks of several kinds the one that takes most.
        let kinds = Set((0..<plan.blocksEntered(of: configuration.blockCount)).map(configuration.kind(ofBlock:)))
        let most = try kinds.map { (kind) throws(QuantizationError) in
            let weights = kind.layers.reduce(0) { $0 + configuration.weightBytes($1) }
            // The next block is read at the same time, from pages with half as many bytes or as many.
            let read = plan.blocksComputed > 1 ? 2.5 * weights : weights
            let stages = try kind.stages.map { (stage) throws(QuantizationError) in
                try StageMemory(stage, configuration, plan, run, threads: threads)
            }
            let peak =
                run.keepsGrams
                ? Self.peakOfTogether(stages, tokens, last: plan.stagesEntered(of: stages.count) - 1)
                : Self.peakOfOneByOne(stages, tokens, streams: Double(run.targets.streams))
            return read + Double(run.targets.untouchedBlocks) * weights + peak
        }.max()
        let tables = try TableMemory(configuration, plan, run, tokens, threads: threads)
        bytes = max(tables.embedding, tokens.all * ofToken + max(most ?? 0, tables.head))
    }

    /// - Parameter available: bytes; nil if unknown.
    /// - Throws: ``PipelineError/notEnoughMemory(needed:available:)``.
    func check(available: Int?) throws(PipelineError) {
        if let available = available.map(Double.init), bytes > available {
            throw .notEnoughMemory(needed: bytes, available: available)
        }
    }

    /// The most that the stages of a block hold, where the layers of each are done before the next one is entered.
    private static func peakOfOneByOne(_ stages: [StageMemory], _ tokens: TokenMemory, streams: Double) -> Double {
        var peak = 0.0
        for stage in stages {
            // Of all streams.
            let inputs = streams * tokens.all * stage.input
            let summing = tokens.ofBatch * stage.summing
            // One stream continues after the other.
            peak = max(
                peak, inputs + stage.sums + max(summing, stage.quantizing),
                stage.advancing(tokens) + (streams - 1) * tokens.all * max(stage.input, stage.carried))
        }
        return peak
    }

    /// The same where all layers of a block are quantized after its last stage: its Gram matrices are there together.
    private static func peakOfTogether(_ stages: [StageMemory], _ tokens: TokenMemory, last: Int) -> Double {
        var peak = 0.0
        var sums = 0.0
        for stage in stages {
            sums += stage.sums
            peak = max(
                peak, sums + stage.advancing(tokens),
                sums + tokens.all * stage.input + tokens.ofBatch * stage.summing)
        }
        // The last block's last input stays. A Gram matrix becomes a factor, and is freed with it.
        let input = tokens.all * stages[last].input
        for stage in stages {
            peak = max(peak, input + sums + stage.quantizing)
            sums -= stage.sums
        }
        return peak
    }
}
