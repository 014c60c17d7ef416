/// One line of the results; the keys are those of the JSON file.
package struct Row: Codable, Sendable {
    package var work: String
    /// "environment": OpenBLAS's kernels as the environment has them chosen; "native": its own choice.
    package var kernel: String
    package var seconds: Double
    /// Needed flops over the time, in 10⁹ per second.
    package var gflops: Double
    /// Of the `sgemm` rate, 4096³ with the same threads, measured beside each run.
    package var shareOfSgemm: Double
    package var peerSeconds: Double?
    /// The peer's time over ours.
    package var peerRatio: Double?
    /// How wrong the result is, next to nothing if all is well (README.md says what is compared).
    package var residual: Double?
    /// What quantization loses, relative to ‖WX‖²; where something is quantized.
    package var relativeLoss: Double?
    /// The most memory that the process has held, where that is the point.
    package var peakBytes: Int?

    package init(
        work: String, kernel: String, flops: Double, seconds: Double, shareOfSgemm: Double, residual: Double?,
        relativeLoss: Double?
    ) {
        (self.work, self.kernel, self.seconds, self.shareOfSgemm) = (work, kernel, seconds, shareOfSgemm)
        (self.residual, self.relativeLoss) = (residual, relativeLoss)
        gflops = flops / seconds * 1e-9
    }

    enum CodingKeys: String, CodingKey {
        case work, kernel, seconds, gflops
        case shareOfSgemm = "share_of_sgemm"
        case peerSeconds = "peer_seconds"
        case peerRatio = "peer_ratio"
        case residual
        case relativeLoss = "relative_loss"
        case peakBytes = "peak_bytes"
    }
}

extension Array where Element == Double {
    /// The middle one, or the mean of the two in the middle.
    package var median: Double {
        let sorted = sorted()
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }
}
