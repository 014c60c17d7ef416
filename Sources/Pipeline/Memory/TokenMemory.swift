import AdaDimCalibration
import AdaDimCheckpoint

/// How many calibration tokens there are, and how many of them are inside a block at the same time.
struct TokenMemory {
    let all: Double
    let atOnce: Double
    /// Of one batch.
    let ofBatch: Double

    init(_ configuration: ModelConfiguration, _ size: CalibrationSize, threads: Int) {
        all = Double(size.sequences) * Double(size.length)
        // Within the range of integers; larger values are refused because of their tokens alone.
        let (batches, tokensOfEach) = CalibrationStream.atOnce(
            sequences: max(0, min(size.sequences, 1 << 32)), length: max(1, min(size.length, 1 << 24)),
            intermediateSize: configuration.intermediateSize, threads: threads)
        atOnce = min(all, Double(batches) * Double(tokensOfEach))
        ofBatch = min(all, Double(tokensOfEach))
    }
}
