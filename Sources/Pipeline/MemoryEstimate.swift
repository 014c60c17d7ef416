import AdaDimCalibration
import AdaDimCheckpoint
import AdaDimLinearAlgebra

/// The memory that a run cannot do without, in bytes: what grows with the calibration tokens and with a block.
struct MemoryEstimate: Sendable, Equatable {
    let bytes: Double

    /// Counts in Double, where no product overflows.
    /// - Parameter tokens: calibration tokens, all samples together.
    init(_ configuration: ModelConfiguration, tokens: Double) {
        let hidden = Double(configuration.hiddenSize)
        let intermediate = Double(configuration.intermediateSize)
        let attention = Double(configuration.attentionHeads * configuration.headDimension)
        let keyValue = Double(configuration.keyValueHeads * configuration.headDimension)
        let widest = max(intermediate, attention, hidden)
        // The ids; the residual stream, and beside it one stage's input, which waits while its layers are quantized.
        let perToken = 4 + 4 * hidden + 4 * max(intermediate, attention)
        let weights = hidden * (2 * attention + 2 * keyValue + 3 * intermediate)
        // One block's weights and the next one's, the widest Gram matrix, and the largest layer's working copies: sums or
        // errors, a product, and codes.
        bytes = tokens * perToken + 2 * 4 * weights + 4 * widest * widest + 9 * hidden * intermediate
    }

    /// For the sequences that the job asks for.
    init(_ configuration: ModelConfiguration, _ job: QuantizationJob) {
        let samples = Double(job.samples ?? CalibrationSamples.defaultCount)
        let length = Double(job.sequenceLength ?? CalibrationSamples.defaultLength)
        self.init(configuration, tokens: samples * length)
    }

    /// - Throws: ``PipelineError/notEnoughMemory(needed:available:)``.
    func check() throws(PipelineError) {
        if let available = MachineMemory.bytes.map(Double.init), bytes > available {
            throw .notEnoughMemory(needed: bytes, available: available)
        }
    }
}
